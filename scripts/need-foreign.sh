#!/bin/sh
# Tries to have the clients that e2e/foreign holds against the server and that npm does not bring: curl, and a Python with
# websockets, which is Debian's where apt-get asks nobody. It never fails: what is not there is not tried, and the tests
# say so.
set -eu
. "$(dirname "$0")/lib.sh"

has_curl() { command -v curl >/dev/null 2>&1; }

has_python() {
	# A Python of somebody's own may stand before Debian's.
	for python in /usr/bin/python3 python3; do
		"$python" -c 'import websockets' >/dev/null 2>&1 && return 0
	done
	return 1
}

missing=
has_curl || missing="$missing curl"
has_python || missing="$missing python3-websockets"
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # they are several words
if can_apt && apt_install $missing && has_curl && has_python; then
	exit 0
fi
say "WARNING: not all of these foreign clients could be had:$missing"
