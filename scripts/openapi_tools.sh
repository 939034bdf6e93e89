#!/bin/sh
# Install what reads docs/openapi.json as users do, with npm into the folder $1: linters, generators of TypeScript, and
# runners of collections. No install script of a package runs, and no lock file is written.
set -eu
into=$1
rm -rf "$into"
mkdir -p "$into"
cd "$into"
echo '{"private": true}' > package.json
npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
  @redocly/cli@2.77.0 \
  @stoplight/spectral-cli@6.16.3 \
  @hey-api/openapi-ts@0.99.0 \
  openapi-typescript@7.13.0 \
  openapi-fetch@0.17.0 \
  typescript@5.9.3 \
  newman@6.2.2 \
  @usebruno/cli@4.1.0
