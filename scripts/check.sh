#!/bin/sh
# What CI runs, and `make check`: one step after another, cheap ones first; the first that fails ends it with its name.
# It leaves the tree as it was, and checks that too.
#
# With arguments it runs only the steps whose names begin with one of them: scripts/check.sh format lint
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

tmp=$(mktemp -d)
step='' summary=$tmp/summary
finish() {
	status=$?
	if [ "$status" -ne 0 ]; then
		if [ -s "$summary" ]; then cat "$summary" >&2; fi
		say "==> FAILED: ${step:-before the first step}"
	fi
	rm -rf "$tmp"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

# run SECTION NAME COMMAND... does one step. A command that cannot be run on this machine says so and ends with 77.
wanted=" $* "
run() {
	section=$1 step=$2
	shift 2
	case $wanted in
	'  ' | *" $section "*) ;;
	*) return 0 ;;
	esac
	printf '\n==> %s\n' "$step"
	began=$(date +%s)
	# In a shell of its own, so that -e holds in the functions below although the status is looked at.
	set +e
	(set -e; "$@")
	status=$?
	set -e
	case $status in
	0) result='  ok   ' ;;
	77) result='SKIPPED' ;;
	*) exit "$status" ;;
	esac
	printf '%s %4ss  %s\n' "$result" "$(($(date +%s) - began))" "$step" >>"$summary"
}

# script runs an npm script of one of the two packages.
script() { npm run --silent --workspace "$1" "$2"; }

# each runs a command in the product's module and in that of the benchmark, which is no part of it.
each() {
	"$@"
	if [ -f bench/go.mod ]; then (cd bench && "$@"); fi
}

modules() {
	each go mod tidy -diff
	each go mod verify
	(cd tools && go mod tidy -diff)
}

# What differs from system to system is at least looked at by the compiler, tests included, and built below.
others='windows/amd64 darwin/arm64'

# vet compiles what the builds below then find compiled: it has their settings.
vet() {
	CGO_ENABLED=0 each go vet -trimpath ./...
	for target in $others; do
		CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} go vet -trimpath ./...
	done
}

# house is run by itself, and first, because what it says is said best before the long steps; -count=1 because the go
# command does not see all the files that it looks at.
house() { go test -count=1 ./internal/house/...; }

# tried tells what the tests of a package cannot try on this machine, which go test keeps to itself: a test that was
# skipped is no failure, but it is to be known.
tried() {
	out=$(go test -count=1 -v -run '^TestMachine$' "$1") || { printf '%s\n' "$out"; return 1; }
	missing=$(printf '%s\n' "$out" | grep 'NOT TRIED' || true)
	if [ -n "$missing" ]; then
		printf '%s\n' "$missing"
		return 77
	fi
}

browsers() {
	CHROME=$(scripts/need-chromium.sh)
	export CHROME
	script e2e test
}

cross() {
	# shellcheck disable=SC2086 # a word for each system
	scripts/cross.sh "$tmp/cross" check $others
}

tree() { git status --porcelain 2>/dev/null || true; }
unchanged() {
	tree >"$tmp/after"
	diff -u "$tmp/before" "$tmp/after" || die "the check has changed the tree"
}

tree >"$tmp/before"
run format 'format: gofumpt, gci' bin/tools/golangci-lint fmt --diff
run generated 'generated files are up to date' scripts/generated.sh --check
run house 'house rules' house
run modules 'modules: tidy, verified' modules
run page 'page: build' make --no-print-directory bin/page.stamp
run page 'page: size' script web size
run types 'types: svelte-check, tsc, the page' script web check
run types 'types: tsc, the browser tests' script e2e check
run lint 'lint: eslint, prettier, the page' script web lint
run lint 'lint: eslint, prettier, the browser tests' script e2e lint
run lint 'lint: docs/openapi.yaml, by the schema of OpenAPI' script e2e openapi
run lint 'lint: go vet' vet
run lint 'lint: golangci-lint' each "$PWD/bin/tools/golangci-lint" run
run test 'tests: the page' script web test
run test 'tests: Go, under the race detector' scripts/go-test.sh --race
run test 'tests: nothing on disk: all can be tried here' tried ./e2e/privacy
run test 'tests: foreign clients: all can be tried here' tried ./e2e/foreign
run e2e 'tests: browsers: build' make --no-print-directory build bin/dev.stamp
run e2e 'tests: browsers' browsers
run cross "cross-build: $others" cross
run vuln 'vulnerabilities' scripts/vuln.sh
run tree 'the tree is as it was' unchanged
step=''
printf '\n==> all is well\n'
cat "$summary"
