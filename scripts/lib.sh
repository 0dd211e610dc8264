# Shared by the scripts beside it: sourced, not run. POSIX sh, so that it works with the shells of Debian and macOS.

# say prints one line about what is going on, away from what a caller reads from standard output.
say() { printf '%s\n' "$*" >&2; }

# die says why and ends the script.
die() {
	say "error: $*"
	exit 1
}

# root runs a command as root: directly, or by a sudo that asks for no password.
root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# can_apt tells whether this is a machine on which packages can be installed without asking anybody.
can_apt() {
	command -v apt-get >/dev/null 2>&1 || return 1
	[ "$(id -u)" = 0 ] && return 0
	command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1
}

# apt_install installs packages without a question. Its output goes to standard error.
apt_install() {
	say "installing $* with apt-get"
	root apt-get update -q >&2 || say "apt-get update failed; trying with the lists that are there"
	root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o Dpkg::Options::=--force-confold "$@" >&2 </dev/null
}
