#!/bin/sh
# Build a substitute for AWS's image of the Lambda runtime, for `sam local` on a machine that cannot pull it: Debian's
# Python 3.13 with AWS's runtime client. It tests the wiring of the stack, not the behavior of Amazon Linux.
#   BASE=debian:trixie-slim IMAGE_ENGINE=podman IMAGE_BUILD_FLAGS="…", as for scripts/image.sh
set -eu
engine=$(IMAGE_ENGINE=${IMAGE_ENGINE:-docker podman} sh "$(dirname "$0")/image_engine.sh") || exit $?
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/Dockerfile" <<'EOF'
ARG BASE=debian:trixie-slim
FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-pip \
 && pip install --break-system-packages --no-cache-dir awslambdaric snapshot-restore-py \
 && mkdir -p /var/runtime /var/task \
 && printf '#!/bin/sh\nexec python3 -m awslambdaric "$_HANDLER"\n' > /var/runtime/bootstrap \
 && chmod 755 /var/runtime/bootstrap
ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
EOF
set -- --tag public.ecr.aws/lambda/python:3.13-x86_64
[ -z "${BASE:-}" ] || set -- "$@" --build-arg "BASE=$BASE"
# shellcheck disable=SC2086 # several options in one variable
"$engine" build "$@" ${IMAGE_BUILD_FLAGS:-} "$folder"
