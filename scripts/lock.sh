#!/bin/sh
# Pins pyproject.toml's dependencies, with hashes and without any index's address.
# requirements-dev.txt is the union of all but the last three; the others are constrained by it, so that versions agree.
set -eu
python=${1:-python3}
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$python" -m venv "$tools/venv"
"$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv

compile() {
  "$tools/venv/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --upgrade \
    --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" "$@"
}

compile --extra dev -o requirements-dev.txt
grep -E '^[a-z0-9].*==' requirements-dev.txt | sed 's/ *\\$//' > "$tools/pins.txt"
compile --extra local -c "$tools/pins.txt" -o requirements-local.txt
compile --extra bench -c "$tools/pins.txt" -o requirements-bench.txt
compile --extra lambda -c "$tools/pins.txt" -o lambda_api/requirements.txt
compile --extra worker -c "$tools/pins.txt" -o gpu_worker/requirements.txt
# Apart from the others: the SAM CLI pins versions that the worker's SDK cannot live with.
compile --extra sam -o requirements-sam.txt
# Reads the others' files, and is needed to run none of it.
compile --extra audit -o requirements-audit.txt
# The emulated AWS states the very botocore it wants.
compile --extra ministack -o requirements-ministack.txt
