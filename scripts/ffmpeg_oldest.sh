#!/bin/sh
# Unpack the oldest supported ffmpeg, that of the worker's image (Debian 13), with its libraries into a folder.
# Needs apt-get and dpkg-deb, but neither root nor a container. About 150 MB to download, 500 MB unpacked.
#   sh scripts/ffmpeg_oldest.sh .tools/ffmpeg-oldest      then FFMPEG=.tools/ffmpeg-oldest/ffmpeg
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
rm -rf "$folder/apt" "$folder/root"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/root"
: > "$folder/apt/status"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] http://deb.debian.org/debian trixie main" > "$folder/apt/sources"

# Use an empty package state instead of the system's: apt must also download packages that are installed here.
apt() {
  apt-get -qq -o Dir::Etc::SourceList="$folder/apt/sources" -o Dir::Etc::SourceParts=- -o Dir::State="$folder/apt" \
    -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt" -o Debug::NoLocking=1 \
    -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=false "$@"
}
apt update
apt install --yes --download-only ffmpeg > /dev/null
for package in "$folder"/apt/archives/*.deb; do dpkg-deb --extract "$package" "$folder/root"; done
rm -rf "$folder/apt"

# Use its own loader and libraries: those of this machine may be older.
library=$(dirname "$(find "$folder/root/usr/lib" -name 'libavcodec.so.*' | head -n 1)")
loader=$(find "$folder/root/usr" -name 'ld-linux*.so.*' | head -n 1)
cat > "$folder/ffmpeg" <<PROGRAM
#!/bin/sh
exec "$loader" --library-path "$library:$library/pulseaudio:$library/blas:$library/lapack" "$folder/root/usr/bin/ffmpeg" "\$@"
PROGRAM
chmod +x "$folder/ffmpeg"
"$folder/ffmpeg" -version | head -n 1
