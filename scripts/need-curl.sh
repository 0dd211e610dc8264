#!/bin/sh
# Tries to have curl, for the test that runs the documentation's commands. Where there is none and apt-get asks nobody it is
# installed. It never fails: without curl that test is skipped, and says so.
set -eu
. "$(dirname "$0")/lib.sh"

found() { command -v curl >/dev/null 2>&1; }

found && exit 0
if can_apt && apt_install curl && found; then
	exit 0
fi
say "WARNING: no curl was found: the commands in docs/protocol.md are not tried"
