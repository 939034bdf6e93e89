#!/bin/sh
# Install a pinned file into a virtual environment: with uv in seconds, or with pip in minutes where uv fails.
#   sh scripts/install.sh FILE ENVIRONMENT [PYTHON]      PYTHON: create the environment with it first
set -eu
cd "$(dirname "$0")/.."
file=$1
environment=$2
python=${3:-}

# uv reads neither pip's variables nor its configuration.
index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null)} || true
[ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
[ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
export UV_PYTHON_DOWNLOADS=never

install_with_uv() {
  uv=$(sh scripts/uv.sh) || return 1
  [ -z "$python" ] || "$uv" venv --quiet --no-project --clear --python "$python" "$environment" || return 1
  # Compiled, because sandboxed processes write no bytecode and would compile Pillow for every photo.
  "$uv" pip install --quiet --compile-bytecode --python "$environment/bin/python" --require-hashes --no-deps -r "$file"
}

# The files are complete. When it resolves one, the pip of Debian 12 (23.0) misses that `name[extra]` is pinned in it.
install_with_pip() {
  [ -z "$python" ] || "$python" -m venv --clear "$environment" || return 1
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-deps \
    -r "$file"
}

install_with_uv && exit 0
echo "uv cannot install $file: trying pip, which takes minutes…" >&2
install_with_pip && exit 0
echo "Could not install: see above. Check the connection to PyPI; set PIP_INDEX_URL to use another index, HTTPS_PROXY to use a proxy." >&2
exit 1
