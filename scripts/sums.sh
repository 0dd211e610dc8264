#!/bin/sh
# Writes DIRECTORY/SHA256SUMS over the binaries in it, in the form that `sha256sum -c` and `shasum -c` read.
set -eu
. "$(dirname "$0")/lib.sh"

cd "${1:?usage: sums.sh DIRECTORY}"
if command -v sha256sum >/dev/null 2>&1; then
	sha256sum earshot_* >SHA256SUMS
else
	shasum -a 256 earshot_* >SHA256SUMS
fi
cat SHA256SUMS
