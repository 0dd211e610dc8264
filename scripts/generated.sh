#!/bin/sh
# Generated files: without arguments it writes them anew; with --check it compares them with what would be written, and
# touches nothing in the tree.
set -eu
. "$(dirname "$0")/lib.sh"

tygo=bin/tools/tygo
config=tools/tygo.yaml
types=web/src/lib/wire.gen.ts

if [ "${1:-}" != --check ]; then
	$tygo --config $config generate
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sed "s|output_path: $types|output_path: $tmp/wire.gen.ts|" $config >"$tmp/tygo.yaml"
$tygo --config "$tmp/tygo.yaml" generate
diff -u $types "$tmp/wire.gen.ts" >&2 || die "$types is out of date: run make generate"
