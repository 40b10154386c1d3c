#!/usr/bin/env bash
# Lays out all C and C++ code as .clang-format says; --check only looks, and fails where that would change something.
# Of clang-format 14: later ones lay out some things another way.
#
#   scripts/format.sh [--check]
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1
. scripts/shell.sh
how=(-i)
case $#:${1-} in
0:) ;;
1:--check) how=(--dry-run -Werror) ;;
1:--help | 1:-h) say 'Usage: scripts/format.sh [--check]' && exit 0 ;;
*) usage_error "unexpected '${1-}': it takes nothing or --check" ;;
esac
find common registry node analyzer loadgen bench t \( -name '*.[ch]' -o -name '*.cpp' \) -print0 |
	xargs -0 clang-format "${how[@]}"
