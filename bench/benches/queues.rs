//! `cargo bench -p bench`: see `--help`, and `docs/performance.md`.

fn main() -> std::process::ExitCode {
    bench::main()
}
