#!/bin/sh
# Tries to have PostgreSQL's initdb for the store's tests, which start a server of their own. Where there is none and
# apt-get asks nobody it is installed, without the server that Debian would set up and start. It never fails: without
# initdb those tests are skipped, and say so.
set -eu
. "$(dirname "$0")/lib.sh"

found() {
	command -v initdb >/dev/null 2>&1 && return 0
	for path in /usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb \
		/usr/local/opt/postgresql*/bin/initdb; do
		[ -x "$path" ] && return 0
	done
	return 1
}

found && exit 0
if can_apt; then
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		root mkdir -p /etc/postgresql-common
		echo 'create_main_cluster = false' | root tee /etc/postgresql-common/createcluster.conf >/dev/null
	fi
	apt_install postgresql && found && exit 0
fi
say "WARNING: no PostgreSQL (initdb) was found: the store is tested on SQLite only"
