#!/bin/sh
# Print the path of uv, which pip installs into .tools by the hash in requirements/uv.txt. Fail where it does not run.
set -eu
cd "$(dirname "$0")/.."
uv=.tools/uv/bin/uv
if [ ! -x "$uv" ] || [ requirements/uv.txt -nt "$uv" ]; then
  rm -rf .tools/uv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --retries 1 --require-hashes --no-deps \
    --target .tools/uv -r requirements/uv.txt >&2
  touch "$uv"
fi
"$uv" --version >/dev/null
echo "$uv"
