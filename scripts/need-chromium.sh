#!/bin/sh
# Prints the path of a Chromium or Chrome for the browser tests: what CHROME says, else one that is installed, else
# Debian's chromium, installed now where that asks nobody. Where all this fails it says what to do, and fails.
set -eu
. "$(dirname "$0")/lib.sh"

# works prints the path if the browser starts at all: Ubuntu's chromium is a stub that wants snap, and does not.
works() {
	"$1" --version >/dev/null 2>&1 </dev/null && printf '%s\n' "$1"
}

installed() {
	for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
		path=$(command -v "$name" 2>/dev/null) || continue
		works "$path" && return 0
	done
	for path in \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"/Applications/Chromium.app/Contents/MacOS/Chromium" \
		"${HOME:-}/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"/c/Program Files/Google/Chrome/Application/chrome.exe" \
		"/c/Program Files (x86)/Google/Chrome/Application/chrome.exe"; do
		[ -x "$path" ] || continue
		works "$path" && return 0
	done
	return 1
}

if [ -n "${CHROME:-}" ]; then
	works "$CHROME" || die "CHROME is $CHROME, and that does not start"
	exit 0
fi
installed && exit 0
if can_apt && apt_install chromium && installed; then
	exit 0
fi
die "the browser tests need Chromium or Google Chrome, and none was found.
Install one (Debian: apt-get install chromium; macOS: brew install --cask google-chrome; else https://www.google.com/chrome/),
or say where it is: CHROME=/path/to/chrome make test"
