# List the recipes.
default:
    @just --list

# Commit, prove, verify and forge on a trained digit classifier.
demo:
    cargo run --release -p provenn-service -- demo

# All tests.
test:
    cargo test --workspace --release

# The crash suite in full: kill -9 at labelled points and at random, on SQLite and PostgreSQL.
crash:
    PROVENN_CRASH=full cargo test --release -p provenn-service --features failpoints --test crash -- --nocapture --test-threads 1

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --release -- -D warnings

# What continuous integration runs.
ci:
    .ci/run

# Licences and advisories of dependencies (needs cargo-deny).
deny:
    cargo deny check

# Criterion benches.
bench:
    cargo bench --workspace

# Latencies, memory and throughput of the service on this machine.
bench-service:
    cargo build --release -p provenn-service
    cargo run --release -p provenn-benches --bin load -- target/release/provenn

# Side by side with a peer, on this machine.
bench-peer:
    benches/peer/setup.sh
    cargo build --release -p provenn-service
    python3 benches/peer/run.py

# Train the fixtures again and compare them with the committed ones.
fixtures:
    python3 -m venv target/fixtures-venv
    target/fixtures-venv/bin/pip install --quiet -r fixtures/requirements.txt
    OMP_NUM_THREADS=1 target/fixtures-venv/bin/python fixtures/make.py --check

# Instructions of each kernel, against the recorded ones (needs valgrind).
count *ARGS:
    python3 benches/instructions.py {{ARGS}}
