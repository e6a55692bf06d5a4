# Steps of a check: how one is run, what is said of it, and how tests are counted. Sourced by ci/test.

logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0
broken_steps=""

# step NAME COMMAND...: runs it in silence; its output is shown if it fails.
step() {
    local name=$1 start=$SECONDS status=0
    shift
    "$@" </dev/null >"$logs/step" 2>&1 || status=$?
    if [ "$status" = 0 ]; then
        printf 'ok      %-22s %4d s\n' "$name" $((SECONDS - start))
    else
        printf 'FAILED  %-22s %4d s, exit code %d:\n' "$name" $((SECONDS - start)) "$status"
        sed 's/^/        /' "$logs/step"
        broken_steps="$broken_steps, $name"
    fi
    return "$status"
}

# tests NAME COMMAND...: a step whose tests are counted.
tests() {
    local status=0 ran_ok ran_badly
    step "$@" || status=$?
    read -r ran_ok ran_badly < <(count "$logs/step")
    # A run that broke before it could count (it did not compile, say) is at least one failure.
    if [ "$status" != 0 ] && [ "$ran_badly" = 0 ]; then ran_badly=1; fi
    if [ "$status" = 0 ] && [ "$ran_ok" = 0 ]; then
        echo "        no test was counted: either there is none, or the runner words its summary in a new way"
        broken_steps="$broken_steps, $1 (none counted)"
        status=1
    fi
    passed=$((passed + ran_ok))
    failed=$((failed + ran_badly))
    printf '        %d passed\n' "$ran_ok"
    return "$status"
}

# Adds up the summaries of nextest (`Summary [..] 9 tests run: 6 passed (1 slow), 1 failed, 1 timed out, 1 skipped`)
# and of doc tests (`test result: ok. 3 passed; 0 failed; ..`): prints PASSED FAILED.
count() {
    awk '
        /^ *Summary \[.*tests? run:/ { sub(/.*tests? run:/, ""); add($0) }
        /^test result:/ { sub(/^test result: [A-Za-z]*\./, ""); add($0) }
        function add(line, parts, i, n) {
            gsub(/\([^)]*\)/, "", line)
            n = split(line, parts, /[,;]/)
            for (i = 1; i <= n; i++) {
                if (parts[i] ~ /passed/) ok += parts[i]
                if (parts[i] ~ /failed|timed out/) bad += parts[i]
            }
        }
        END { print ok + 0, bad + 0 }
    ' "$1"
}

# Ends the run: which steps failed, then the count of tests, alone on the last line.
verdict() {
    if [ -n "$broken_steps" ]; then printf '\nfailed: %s\n' "${broken_steps#, }"; fi
    # A step that failed without a test (format, docs) is still a failure: the line must not say otherwise.
    if [ -n "$broken_steps" ] && [ "$failed" = 0 ]; then failed=1; fi
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ -z "$broken_steps" ]
}

# need_packages COMMAND:PACKAGE...: installs the Debian packages of the commands that are not there.
need_packages() {
    local pair commands=() missing=()
    for pair in "$@"; do
        if ! command -v "${pair%%:*}"; then
            commands+=("${pair%%:*}")
            missing+=("${pair#*:}")
        fi
    done
    [ "${#missing[@]}" != 0 ] || return 0
    echo "not found: ${commands[*]}"
    install_packages "${missing[@]}"
}

# install_packages PACKAGE...: installs Debian packages, or says what there is to do.
install_packages() {
    local as_root=()
    if ! command -v apt-get; then
        echo "There is no apt-get here to install Debian's $*."
        echo "Install what they have, so that commands are on the PATH, then run this again."
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo -n)
        if ! sudo -n true; then
            echo "sudo would ask for a password. Run this, then try again:"
            echo "    sudo apt-get install $*"
            return 1
        fi
    fi
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install -y --no-install-recommends "$@"
}

# Receivers of OTLP, in an environment of their own: nothing is installed for the whole machine but Python's `venv`. oteltap speaks
# HTTP; with grpcio a script of queue-otel's tests receives gRPC, by the messages that oteltap brings.
need_oteltap() {
    local home=target/oteltap
    if "$home/bin/python" -c 'import grpc' && "$home/bin/oteltap" --help; then return; fi
    python3 -c 'import ensurepip' || install_packages python3 python3-venv || return
    python3 -m venv --clear "$home" && "$home/bin/pip" install --disable-pip-version-check oteltap==1.0.0 grpcio==1.85.1
}

# Built without optimisation and without what would update it: that is less than half the work.
need_nextest() {
    cargo nextest --version ||
        cargo install --locked --debug --no-default-features --features default-no-update cargo-nextest
}
