#!/bin/sh
# Builds the worker's image and runs tests/image on it: every operation by hand, and as jobs of the RunPod emulator in a
# container that reaches nothing else. Says why and does nothing where containers cannot be run.
#   WORKER_IMAGE=name   take this image and build none; else what scripts/image.sh takes
set -eu
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
base=${BASE:-debian:trixie-slim}

skip() {
  echo "the worker's image is not proved here: $1"
  exit 0
}

IMAGE_ENGINE=$(IMAGE_ENGINE=${IMAGE_ENGINE:-docker podman} sh scripts/image_engine.sh 2>&1) || skip "$IMAGE_ENGINE"
export IMAGE_ENGINE
said=$("$IMAGE_ENGINE" run --rm --network none "${WORKER_IMAGE:-$base}" true 2>&1) \
  || skip "$IMAGE_ENGINE cannot run ${WORKER_IMAGE:-$base}: $said"
if [ -z "${WORKER_IMAGE:-}" ]; then
  WORKER_IMAGE=api-gpu-worker:prove
  IMAGE=$WORKER_IMAGE sh scripts/image.sh
fi
export WORKER_IMAGE
"$python" -m pytest tests/image
