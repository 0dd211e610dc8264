#!/bin/sh
# Fails with a sentence unless Go is there and new enough to fetch the version that go.mod names.
set -eu
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null 2>&1 || die "Go is needed: https://go.dev/dl/ (1.21 or newer fetches by itself the version that go.mod names)"
# Asked in this folder, go answers with the version that go.mod selects, or says what keeps it from that.
go version >/dev/null || die "this Go cannot use the version that go.mod names: https://go.dev/dl/"
