#!/bin/sh
# Pin the extras of pyproject.toml in requirements/, with hashes and without the address of any index.
# dev.txt is the union of local, bench, lambda and worker; those are constrained by it, so that versions agree, and so are
# the files of speech, which are installed in addition.
#   sh scripts/lock.sh [--upgrade]      Without it a pinned version stays as long as pyproject.toml allows it.
set -eu
cd "$(dirname "$0")/.."
uv=$(sh scripts/uv.sh)
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT

compile() {
  extra=$1
  shift
  .venv/bin/python scripts/extra.py "$extra" | "$uv" pip compile - --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --custom-compile-command "make lock" -o "requirements/$extra.txt" "$@"
}

compile dev "$@"
grep -E '^[a-z0-9].*==' requirements/dev.txt | sed 's/ *\\$//' > "$pins"
for extra in local bench lambda worker speech speech-cuda speech-demo; do
  compile "$extra" -c "$pins" "$@"
done
# Resolved separately: the SAM CLI pins versions that the worker's SDK cannot run with, and the emulated AWS pins botocore.
for extra in sam ministack audit openapi uv; do
  compile "$extra" "$@"
done
