#!/bin/sh
# Build the worker's image with docker, podman or buildah, and print the command that pushes it.
#   IMAGE=registry.example.com/you/api-gpu-worker:1.0.0   its name
#   BASE=debian:trixie-slim                               its base image: a Debian 13
#   FONTS="fonts-noto-core fonts-noto-cjk"                packages of fonts
#   WHISPER=base WHISPER_MODEL=directory                  a speech model in the format of CTranslate2, and a name for it
#   IMAGE_ENGINE=podman                                   the program to use
#   IMAGE_BUILD_FLAGS="--network host"                    more options for its `build`
set -eu
cd "$(dirname "$0")/.."
image=${IMAGE:-api-gpu-worker:latest}
if [ -n "${WHISPER:-}" ]; then
  case $WHISPER in *[!A-Za-z0-9._-]*) echo "WHISPER: use letters, digits, dots and hyphens only" >&2; exit 2 ;; esac
  for file in model.bin config.json tokenizer.json; do
    # The worker is another user than the one who builds.
    [ -f "${WHISPER_MODEL:?WHISPER needs WHISPER_MODEL, the directory of the model}/$file" ] \
      && [ -n "$(find -L "$WHISPER_MODEL/$file" -perm -o=r)" ] \
      || { echo "WHISPER_MODEL: there is no $file in $WHISPER_MODEL that everybody may read" >&2; exit 2; }
  done
fi

engine=$(sh scripts/image_engine.sh) || exit $?

# Use the time of the last change of its contents, so that every build of a commit gives files the same time.
epoch=$(git log -1 --format=%ct -- contract gpu_worker requirements/worker.txt requirements/speech-cuda.txt .dockerignore 2>/dev/null || true)
epoch=${epoch:-0}
set -- --file gpu_worker/Dockerfile --platform linux/amd64 --build-arg "SOURCE_DATE_EPOCH=$epoch" --tag "$image"
[ -z "${BASE:-}" ] || set -- "$@" --build-arg "BASE=$BASE"
[ -z "${FONTS+given}" ] || set -- "$@" --build-arg "FONTS=$FONTS"
[ -z "${WHISPER:-}" ] || set -- "$@" --build-arg "WHISPER=$WHISPER" --build-context "whisper=$WHISPER_MODEL"
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
