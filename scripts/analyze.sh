#!/usr/bin/env bash
# Static analysis of all C code of the programs, with the commands that build/ was compiled by: clang-tidy (.clang-tidy says
# which checks) and gcc -fanalyzer. Prints what they find; exit status 1 if it is anything. Takes three minutes of CPU.
#
#   scripts/analyze.sh [FOLDER]     build/, or another build by gcc 12 without sanitizers
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 2
. scripts/shell.sh
case ${1-} in
--help | -h) say 'Usage: scripts/analyze.sh [FOLDER]' && exit 0 ;;
-*) usage_error "unknown option '$1'" ;;
esac
(($# < 2)) || usage_error "unexpected argument '$2'"
folder=${1:-build}
commands=$folder/compile_commands.json
[[ -e $commands ]] || { echo "$commands is not there: build first" >&2; exit 2; }

# gcc 12 takes what is stored in an array of pointers for lost, and the variable of a cleanup attribute for uninitialized.
# LeakSanitizer and valgrind look for both in the tests.
export gcc_options='-fanalyzer -Wno-analyzer-too-complex -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value'

# directory, file and compiler command of each source, one a line
sources() {
	jq -r '.[] | select(.file | test("/(common|registry|node|analyzer|loadgen)/[^/]") and test("/t/unit/") == false and endswith(".c"))
		| "\(.directory)\t\(.file)\t\(.command)"' "$commands" | sort -u -t $'\t' -k 2,2
}

with_gcc() {
	local directory=$1 command=$3
	command=${command%% -o *}
	command=${command##*ccache }
	cd "$directory" && eval "$command $gcc_options -c -o /dev/null '$2'"
}
export -f with_gcc

out=$(mktemp)
trap 'rm -f "$out"' EXIT
n=$(sources | wc -l)
((n > 100)) || { echo "only $n sources in $commands" >&2; exit 2; }
sources | cut -f 2 | xargs -P "$(nproc)" -n 8 clang-tidy -p "$folder" --quiet 2>/dev/null >"$out"
clang=$?
sources | tr '\t\n' '\0\0' | xargs -0 -P "$(nproc)" -n 3 bash -c 'with_gcc "$@"' analyze >>"$out" 2>&1
gcc=$?
if ((clang || gcc)) || grep -q 'warning:' "$out"; then
	cat "$out"
	exit 1
fi
echo "$n sources: nothing found"
