#!/bin/sh
# Print the first of docker, podman and buildah (or of IMAGE_ENGINE) that works here. Exit code 3: none does.
# Run each one, because docker's client may exist without its service.
set -eu
for engine in ${IMAGE_ENGINE:-docker podman buildah}; do
  case $engine in
    docker) set -- docker version ;;
    podman) set -- podman info ;;
    *) set -- "$engine" version ;;
  esac
  if "$@" >/dev/null 2>&1; then
    echo "$engine"
    exit 0
  fi
done
echo "no container engine works here (tried: ${IMAGE_ENGINE:-docker podman buildah}); on Debian: apt-get install podman" >&2
exit 3
