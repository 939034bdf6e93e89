#!/bin/sh
# Run the stack's API by `sam local start-api`, in containers with the Lambda runtime, and tests/image/test_sam_local.py
# on it. Skip with the reason without a container engine, root, or the runtime's image.
set -eu
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
sam=$PWD/.venv-sam/bin/sam
runtime=public.ecr.aws/lambda/python:3.13-x86_64

skip() {
  echo "skipping the tests of sam local: $1"
  exit 0
}

IMAGE_ENGINE=$(IMAGE_ENGINE=${IMAGE_ENGINE:-docker podman} sh scripts/image_engine.sh 2>&1) || skip "$IMAGE_ENGINE"
[ "$(id -u)" = 0 ] || skip "entering the network of a container needs root"
output=$("$IMAGE_ENGINE" run --rm --network none --entrypoint /bin/true "$runtime" 2>&1) \
  || skip "$IMAGE_ENGINE cannot run $runtime ($output); scripts/lambda_base.sh builds a substitute"

folder=$(mktemp -d)
service=
trap '[ -z "$service" ] || kill "$service"; rm -rf "$folder"' EXIT
if [ "$IMAGE_ENGINE" = podman ]; then
  # Its networks need tools in sbin.
  PATH=$PATH:/usr/sbin:/sbin
  DOCKER_HOST=unix://$folder/engine.sock
  export DOCKER_HOST
  podman system service --time=0 "$DOCKER_HOST" &
  service=$!
fi
# None of the tools may contact AWS.
export IMAGE_ENGINE SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local \
  AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_STS=http://127.0.0.1:1
"$sam" build --build-dir "$folder/build" --parameter-overrides Architecture=x86_64
SAM_TEMPLATE=$folder/build/template.yaml "$python" -m pytest tests/image/test_sam_local.py
