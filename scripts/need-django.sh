#!/bin/sh
# Tries to have Django, with argon2 and bcrypt, for the tests that compare with it and import what it made. Where there is
# none and apt-get asks nobody it is installed. It never fails: without Django those tests are skipped, and say so.
set -eu
. "$(dirname "$0")/lib.sh"

# A python3 that comes first on the path does not see what is installed for Debian's own.
found() {
	for python in python3 /usr/bin/python3; do
		"$python" -c 'import django, argon2, bcrypt, psycopg2' >/dev/null 2>&1 && return 0
	done
	return 1
}

found && exit 0
if can_apt; then
	apt_install python3-django python3-argon2 python3-bcrypt python3-psycopg2 && found && exit 0
fi
say "WARNING: no Django was found: passwords and imports are tried only on what is checked in"
