#!/bin/sh
# Gets the benchmark's peers where that can be done without asking anybody: Debian's packages as root, npm's anywhere. It never
# fails: a peer that cannot be had is left out of the table, with a loud line.
cd "$(dirname "$0")" || exit 0

loud() { echo "WARNING: $*" >&2; }

packages=
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || packages="$packages mosquitto"
python=/usr/bin/python3
[ -x "$python" ] || python=python3
"$python" -c 'import django, channels, daphne' 2>/dev/null || packages="$packages python3-django-channels python3-daphne"

if [ -n "$packages" ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		echo "Installing$packages for the benchmark"
		# A policy of "do not start" keeps Debian from running the broker as a service.
		policy=/usr/sbin/policy-rc.d made=
		if [ ! -e "$policy" ]; then
			printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1
		fi
		# shellcheck disable=SC2086 # they are several words
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages; } >/dev/null ||
			loud "these could not be installed:$packages"
		[ -n "$made" ] && rm -f "$policy"
	else
		loud "not installed, and so not in the table (apt-get install as root gets them):$packages"
	fi
fi

if ! command -v npm >/dev/null 2>&1; then
	loud "there is no npm: Socket.IO will not be in the table"
elif [ peers/socketio/package-lock.json -nt peers/socketio/node_modules/.package-lock.json ] ||
	[ ! -d peers/socketio/node_modules/socket.io ]; then
	(cd peers/socketio && npm ci --silent && touch node_modules/.package-lock.json) || loud "socket.io could not be installed"
fi
exit 0
