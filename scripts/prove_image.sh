#!/bin/sh
# Build the worker's image and run tests/image on it: every operation by hand, and as jobs of the RunPod emulator in a
# container without any other network. Skip with the reason where containers cannot run.
#   WORKER_IMAGE=name   test this image instead of building one; otherwise the variables of scripts/image.sh
set -eu
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
base=${BASE:-debian:trixie-slim}

skip() {
  echo "skipping the tests of the worker's image: $1"
  exit 0
}

IMAGE_ENGINE=$(IMAGE_ENGINE=${IMAGE_ENGINE:-docker podman} sh scripts/image_engine.sh 2>&1) || skip "$IMAGE_ENGINE"
export IMAGE_ENGINE
output=$("$IMAGE_ENGINE" run --rm --network none "${WORKER_IMAGE:-$base}" true 2>&1) \
  || skip "$IMAGE_ENGINE cannot run ${WORKER_IMAGE:-$base}: $output"
if [ -z "${WORKER_IMAGE:-}" ]; then
  WORKER_IMAGE=api-gpu-worker:prove
  IMAGE=$WORKER_IMAGE sh scripts/image.sh
fi
export WORKER_IMAGE
"$python" -m pytest tests/image
