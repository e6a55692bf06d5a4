# How the tools of the proof are run: with other flags than the rest, so each in a folder of its own. Sourced by ci/test,
# ci/canary and ci/prove, which thereby share what is built.
# shellcheck disable=SC2034

export CARGO_LLVM_COV_SETUP=no CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never

of_loom=(--locked --package queue-core --release --target-dir target/loom)
under_loom() { RUSTFLAGS="--cfg loom --cfg canary" "$@"; }

of_shuttle=(--locked --package queue-core --release --target-dir target/shuttle)
under_shuttle() { RUSTFLAGS="--cfg shuttle --cfg canary" "$@"; }

# The sanitizers are in the toolchain that is there; the variable lets a stable compiler use them.
of_asan=(--locked --package queue-core --target x86_64-unknown-linux-gnu --target-dir target/asan)
under_asan() {
    LSAN_OPTIONS="suppressions=$PWD/ci/leaks.txt:print_suppressions=0" RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 \
        RUSTFLAGS="-Zsanitizer=address --cfg canary" "$@"
}
