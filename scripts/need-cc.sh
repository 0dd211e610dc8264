#!/bin/sh
# The race detector of Go needs cgo and with it a C compiler: finds one, or installs gcc where that asks nobody. Only the
# tests need it; the product is built without.
set -eu
. "$(dirname "$0")/lib.sh"

found() {
	cc=$(go env CC)
	command -v "${cc%% *}" >/dev/null 2>&1
}

found && exit 0
if can_apt && apt_install gcc libc6-dev && found; then
	exit 0
fi
die "the race detector needs a C compiler, and none was found (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
