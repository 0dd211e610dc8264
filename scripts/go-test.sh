#!/bin/sh
# The Go tests, in a random order and under the race detector, or, where there is no C compiler and it is not asked for by
# --race, without.
#
# modernc.org's packages are C, translated: SQLite, one connection of which is one goroutine's at a time (database/sql sees to
# that, and is under the detector, as all that is ours). Under it they take five times as long as without. The house rules
# start no goroutine, and read all there is: they are tested plainly.
#
# What takes three minutes here may take half an hour on a machine that is slow, or busy: go's own ten minutes for a package
# would end tests that have nothing amiss. Each wait within them has a bound of its own.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/need-go.sh
scripts/need-postgres.sh
scripts/need-foreign.sh
scripts/need-django.sh

if scripts/need-cc.sh; then
	export CGO_ENABLED=1
	set -- -race '-gcflags=modernc.org/...=-race=false'
elif [ "${1:-}" = --race ]; then
	exit 1
else
	echo 'WARNING: testing without the race detector' >&2
	export CGO_ENABLED=0
	set --
fi

# shellcheck disable=SC2046 # a word for each package
go test -timeout=40m -shuffle=on "$@" $(go list ./... | grep -v '/internal/house$')
go test -count=1 ./internal/house
cd bench # no part of the product, and a module of its own
go test -timeout=40m -shuffle=on "$@" ./...
