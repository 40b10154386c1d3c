#!/usr/bin/env bash
# Lays out all C and C++ code as .clang-format says; --check only looks, and fails where that would change something.
# Of clang-format 14: later ones lay out some things another way.
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1
how=(-i)
[[ ${1:-} != --check ]] || how=(--dry-run -Werror)
find common registry node analyzer loadgen bench t \( -name '*.[ch]' -o -name '*.cpp' \) -print0 |
	xargs -0 clang-format "${how[@]}"
