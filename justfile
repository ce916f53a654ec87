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

# Machines that share a database and an S3-compatible store (installs one in a temporary environment; needs PostgreSQL).
s3:
    service/s3-check

# Every malformed upload of the fixtures to a real process, with their times asserted. For a machine that does nothing else.
malformed:
    PROVENN_TIMED=1 cargo test --release -p provenn-service --test service malformed -- --nocapture --test-threads 1

# Generated requests against the API, from its own document (installs schemathesis in a temporary environment).
fuzz-api:
    cargo build --release -p provenn-service
    service/fuzz-api.sh target/release/provenn

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --release -- -D warnings

# What continuous integration runs.
ci:
    .ci/run

# The verifier for browsers and node: module, page and package in target/verifier (needs node).
page:
    rustup target add wasm32-unknown-unknown
    node verifier/wasm/build.mjs

# Tests of module, page and package (needs node and chromium).
test-page: page
    node --test --test-concurrency=2 verifier/wasm/test/*.test.mjs

# The command line as one static file for Linux, with manual, completions and checksums, in target/dist.
binary:
    .ci/binary

# A Debian package of it (installs cargo-deb in target/ where it is missing).
deb:
    .ci/deb

# The same twice, in two folders, and whether all bytes are the same. For a machine that does nothing else: half an hour.
reproduce:
    .ci/reproduce

# The wheel of the Python package, in target/wheels.
wheel:
    service/python/wheel

# The Python package: wheel, types, tests; its client against a running service.
python:
    cargo build --release -p provenn-service
    service/python/check

# The notebooks, as they stand; `docs/notebooks/check --write` keeps what they show.
notebooks: python
    docs/notebooks/check

# The service's page in a browser, from an upload to a receipt verified in it (needs node and chromium).
test-service-page:
    rustup target add wasm32-unknown-unknown
    cargo build --release -p provenn-service
    node --test --test-concurrency=2 service/web/test/*.test.mjs

# Licences, sources and advisories of dependencies (fetches the database of advisories).
deny:
    .ci/deny advisories bans licenses sources

# The book, in target/book (installs mdbook in target/ where it is missing): links are checked, and that pages load nothing from elsewhere.
book:
    .ci/book

# Criterion benches.
bench:
    cargo bench --workspace

# Make the test kit again from fixed seeds. Golden receipts only with PROVENN_NEW_GOLDEN=1.
testkit:
    cargo run --release -p provenn-testkit
    cargo test --release -p provenn-verifier --test all testkit

# Own verifier beside the library's: 400 random circuits with 45 proofs each.
agreement:
    PROVENN_AGREEMENT=400 cargo test --release -p provenn-prover --test all agreement -- --nocapture

# Mutants of receipts and calldata through the verifier contract, each with the crate's verdict beside it: a quarter of an hour.
mutated COUNT="100000":
    PROVENN_MUTATED={{COUNT}} cargo test --release --workspace --test all mutated:: -- --nocapture

# The verifier contract beside the crate on random circuits and their keys, with 24 mutants of each.
random-keys COUNT="400":
    PROVENN_RANDOM_KEYS={{COUNT}} cargo test --release --workspace --test all random_keys:: -- --nocapture

# Every single-bit flip, truncation and one-byte extension of receipts, cards and keys.
every-bit:
    PROVENN_EVERY_BIT=1 cargo test --release -p provenn-verifier --test all hammer

# A million executions of each decoder's fuzz target, from the committed corpora (needs cargo-fuzz).
fuzz:
    #!/usr/bin/env bash
    set -euo pipefail
    cd verifier
    for target in bundle card claim key receipt schema srs verify; do
        mkdir -p "fuzz/found/$target"
        cargo fuzz run --sanitizer none "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- \
            -runs=1000000 -max_len=12288 -rss_limit_mb=512 -malloc_limit_mb=256
    done

# Mutation testing of the verifier (needs cargo-mutants; about 760 mutants, two hours on two busy cores). Incremental builds without much optimisation save most of a build.
mutants:
    cargo mutants -p provenn-verifier --features log --profile release -j2 --timeout 60 \
        --cargo-arg=--config=profile.release.incremental=true \
        --cargo-arg=--config=profile.release.package.provenn-verifier.opt-level=1 \
        --cargo-arg=--config=profile.release.package.provenn-verifier.codegen-units=16 \
        -- --lib --tests

# Latencies, memory and throughput of the service on this machine.
bench-service:
    cargo build --release -p provenn-service
    cargo run --release -p provenn-benches --bin load -- target/release/provenn

# All attacks at once beside honest tenants, on SQLite and PostgreSQL: latencies, memory and lost jobs against their bars. Thirty minutes, or as many seconds.
soak SECONDS="1800" *OPTIONS:
    cargo build --release -p provenn-service
    cargo run --release -p provenn-benches --bin soak -- target/release/provenn {{SECONDS}} {{OPTIONS}}

# What a million ended jobs cost submission, status, ledger, lists and sweep, on SQLite and on an empty PostgreSQL database.
bench-history *POSTGRESQL:
    cargo run --release -p provenn-benches --bin history -- 1000000 {{POSTGRESQL}}

# Time and size of models, the forecast checked against the measurement of each.
bench-models *FILES="fixtures/models/digits_cnn.onnx fixtures/models/digits_mlp.onnx":
    cargo run --release -p provenn-benches --bin models -- --m20 {{FILES}}

# CPU time and memory of verification, of a batch too, for a model.
bench-verify MODEL="fixtures/models/digits_cnn.onnx":
    cargo run --release -p provenn-benches --bin verify -- make target/bench-verify {{MODEL}}
    cargo run --release -p provenn-benches --bin verify -- measure target/bench-verify

# The verdicts of the network that checks colourings on 1,000 random graphs, each proven, with the drawing of docs/colouring.md (needs the environment of `just fixtures`).
checker:
    cargo build --release -p provenn-service
    target/fixtures-venv/bin/python fixtures/checker.py target/release/provenn target/checker

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

# Random models in and out of calibration against onnxruntime, a share of them with real proofs: every output right or refused.
random COUNT="10000" PROOFS="0.1" FIRST="0":
    #!/usr/bin/env bash
    set -euo pipefail
    cargo build --release -p provenn-benches --bin random
    python3 -m venv target/fixtures-venv
    target/fixtures-venv/bin/pip install --quiet -r fixtures/requirements.txt
    target/fixtures-venv/bin/python fixtures/random/make_random.py --from {{FIRST}} --count {{COUNT}} \
        | target/release/random --proofs {{PROOFS}}

# The backend node tests of ONNX by operator, a share of them with real proofs: all of them, or a shard REMAINDER/COUNT.
conformance SHARD="0/1" PROOFS="1" *OPTIONS:
    fixtures/conformance/run {{SHARD}} {{PROOFS}} {{OPTIONS}}

# Gas of a receipt for each model, committed for the least gas, and for each graph (G.col:K, with a colouring in G.sol): rows of a name and its gas, calldata included. LeNet-5 is made first.
gas *FILES="fixtures/models/digits_mlp.onnx fixtures/models/digits_cnn.onnx target/lenet5.onnx":
    #!/usr/bin/env bash
    set -euo pipefail
    python3 -m venv target/fixtures-venv
    target/fixtures-venv/bin/pip install --quiet -r fixtures/requirements.txt
    target/fixtures-venv/bin/python fixtures/reference.py lenet5 --out target/lenet5.onnx >&2
    cargo build --release --workspace --example gas
    target/release/examples/gas {{FILES}}

# Compile the verifier contract again (needs node).
contract:
    cd verifier/evm && npm ci && node build.mjs

# Unit tests of the prover's engine under Miri, which finds undefined behaviour, and products of vectors with AVX2 (needs a nightly toolchain with miri): ten minutes.
miri:
    cargo +nightly miri test -p provenn-engine --lib
    RUSTFLAGS="-Ctarget-feature=+avx2,+fma" cargo +nightly miri test -p provenn-engine --lib products

# Instructions of each kernel, against the recorded ones (needs valgrind).
count *ARGS:
    python3 benches/instructions.py {{ARGS}}
