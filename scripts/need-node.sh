#!/bin/sh
# Fails with a sentence unless Node.js is there and new enough for the page's tools.
set -eu
. "$(dirname "$0")/lib.sh"

# What package.json asks for under "engines".
least=20.19
command -v node >/dev/null 2>&1 || die "Node.js $least or newer is needed to build the page: https://nodejs.org/"
command -v npm >/dev/null 2>&1 || die "npm is needed to build the page; it comes with Node.js: https://nodejs.org/"
node -e '
	const number = (version) => version.split(".").slice(0, 2).reduce((all, part) => all * 1000 + Number(part), 0);
	process.exit(number(process.versions.node) >= number(process.argv[1]) ? 0 : 1);
' "$least" || die "Node.js $least or newer is needed to build the page; this is $(node --version)"
