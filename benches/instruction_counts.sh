#!/bin/sh
# Compares the instruction counts of generated and hand-written derivatives; fails where the generated ones are higher.
set -eu
cd "$(dirname "$0")/.."
if ! command -v valgrind >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq valgrind
fi
cargo run --release --quiet -p benches --bin instruction_counts
cargo run --release --quiet -p benches --bin chain_instruction_counts
exec cargo run --release --quiet -p benches --bin generic_instruction_counts
