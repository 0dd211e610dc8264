#!/bin/sh
# Builds the binary for other systems: cross.sh DIRECTORY VERSION OS/ARCH...
# Each lands in DIRECTORY as earshot_VERSION_OS_ARCH, with .exe for Windows.
set -eu
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || die "usage: cross.sh DIRECTORY VERSION OS/ARCH..."
dir=$1 version=$2
shift 2
mkdir -p "$dir"
for target in "$@"; do
	os=${target%/*} arch=${target#*/}
	out=$dir/earshot_${version}_${os}_${arch}
	[ "$os" = windows ] && out=$out.exe
	say "building $out"
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$out" ./cmd/earshot
done
