#!/bin/sh
# Build the worker's image with docker, podman or buildah, and print the command that pushes it.
#   IMAGE=registry.example.com/you/api-gpu-worker:1.0.0   its name
#   BASE=debian:trixie-slim                               its base image: a Debian 13
#   FONTS="fonts-noto-core fonts-noto-cjk"                packages of fonts
#   IMAGE_ENGINE=podman                                   the program to use
#   IMAGE_BUILD_FLAGS="--network host"                    more options for its `build`
set -eu
cd "$(dirname "$0")/.."
image=${IMAGE:-api-gpu-worker:latest}
engine=$(sh scripts/image_engine.sh) || exit $?

# Use the time of the last change of its contents, so that every build of a commit gives files the same time.
epoch=$(git log -1 --format=%ct -- contract gpu_worker requirements/worker.txt .dockerignore 2>/dev/null || true)
epoch=${epoch:-0}
set -- --file gpu_worker/Dockerfile --platform linux/amd64 --build-arg "SOURCE_DATE_EPOCH=$epoch" --tag "$image"
[ -z "${BASE:-}" ] || set -- "$@" --build-arg "BASE=$BASE"
[ -z "${FONTS+given}" ] || set -- "$@" --build-arg "FONTS=$FONTS"
[ "$engine" = docker ] || set -- "$@" --timestamp "$epoch"
revision=$(git describe --always --dirty 2>/dev/null || true)
[ -z "$revision" ] || set -- "$@" --label "org.opencontainers.image.revision=$revision"
# shellcheck disable=SC2086 # several options in one variable
"$engine" build "$@" ${IMAGE_BUILD_FLAGS:-} .

if [ "$engine" = buildah ]; then
  facts=$(buildah inspect --type image --format '{{.FromImageDigest}}' "$image")
else
  facts=$("$engine" image inspect --format '{{.Size}} {{.Id}}' "$image" | awk '{ printf "%d MB, %s", $1 / 1e6, $2 }')
fi
cat <<EOF

built with $engine: $image ($facts)
push:   $engine push $image    after \`$engine login\` at the registry
deploy: make deploy IMAGE=…@sha256:…, with the digest that the push prints
EOF
