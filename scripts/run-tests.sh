#!/usr/bin/env bash
# Runs test files by prove, those beside each other that t/testrules.yml lets. At the end stands what each file said
# on stderr that failed: in the output of all tests it is far up, between the lines of other files.
#
#   scripts/run-tests.sh FILE...
set -u
HEAD_LINES=40 # of what a file said: why it failed comes first, then the logs of its programs
TAIL_LINES=40

# run_one FILE: prove calls it. What the file says is kept if it fails.
run_one() {
	local said=$WEIR_TESTS_SAID/${1//\//,} command=(perl "$1") status
	unset WEIR_TESTS_SAID # that of this run, and not of one that the test starts
	[[ ! -x $1 ]] || command=("$1")
	"${command[@]}" 2>"$said"
	status=$?
	cat "$said" >&2
	((status)) || rm -f "$said"
	exit "$status"
}

# show_said FILE
show_said() {
	local n
	n=$(wc -l <"$1")
	printf '\n---- %s failed, and said:\n' "$(basename "$1" | tr , /)"
	if ((n <= HEAD_LINES + TAIL_LINES)); then
		cat "$1"
	else
		head -n "$HEAD_LINES" "$1"
		printf '[%d lines more]\n' $((n - HEAD_LINES - TAIL_LINES))
		tail -n "$TAIL_LINES" "$1"
	fi
}

if [[ -n ${WEIR_TESTS_SAID-} && $# == 1 ]]; then
	run_one "$1"
fi
case ${1-} in
--help | -h) echo 'Usage: scripts/run-tests.sh FILE...' && exit 0 ;;
'' | -*) echo "$0: '${1-}' is no test file (see --help)" >&2 && exit 2 ;;
esac
said=$(mktemp -d) || exit 1
trap 'rm -rf "$said"' EXIT
WEIR_TESTS_SAID=$said prove -j $((2 * $(nproc) + 2)) --timer --failures --comments --exec "$0" "$@" </dev/null
status=$?
for file in "$said"/*; do
	[[ ! -s $file ]] || show_said "$file"
done
exit "$status"
