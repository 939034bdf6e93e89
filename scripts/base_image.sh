#!/bin/sh
# Make debian:trixie-slim from Debian's packages, for a machine that cannot pull from an image registry. Needs root and debootstrap.
#   IMAGE_ENGINE=podman BASE=debian:trixie-slim
set -eu
base=${BASE:-docker.io/library/debian:trixie-slim}
engine=$(IMAGE_ENGINE=${IMAGE_ENGINE:-docker podman} sh "$(dirname "$0")/image_engine.sh") || exit $?
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=ca-certificates trixie "$root"
# The official image leaves these files out, too.
cat > "$root/etc/dpkg/dpkg.cfg.d/docker" <<'EOF'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
EOF
find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/apt "$root"/var/log/*.log \
  "$root"/usr/share/info/* "$root"/usr/share/locale/* "$root"/usr/share/man/*
tar -C "$root" -cf - . | "$engine" import --change 'CMD ["/bin/bash"]' - "$base"
