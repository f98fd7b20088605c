#!/usr/bin/env bash
# Tests derivatives with each analysis of reverse mode turned off in turn, and the corpus of arrays with all turned off.
set -euo pipefail
cd "$(dirname "$0")/.."

names=$(sed -n 's/^    (Analysis::.*"\(.*\)"),$/\1/p' diff-macro/src/analyses.rs)
for name in $names; do
    echo "without $name"
    DIFF_MACRO_WITHOUT=$name cargo test -q -p tests --test storage
done
echo "without any"
DIFF_MACRO_WITHOUT=$(echo $names | tr ' ' ',') cargo test -q -p tests --test storage --test arrays
