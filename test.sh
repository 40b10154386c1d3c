#!/usr/bin/env bash
# Installs what is missing, builds build/ and runs the tests; what it prints ends with prove's summary.
set -u
export LC_ALL=C.UTF-8

help() {
	cat <<-'END'
		Usage: ./test.sh [--quick] [NAME...]

		Installs what is missing, builds everything and runs all tests: build/t/*.t (C, one for each part) and
		t/*.t (Perl, whole programs). With names, only the tests that have one of them in their path:
		  ./test.sh ledger t/20

		  --quick   without other builds: no sanitizers, no fuzzers, no clang
		  --help    this text
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1
. scripts/shell.sh

is_quick=0
names=()
while (($#)); do
	case $1 in
	--help | -h) help && exit 0 ;;
	--quick) is_quick=1 ;;
	-*) usage_error "unknown option '$1'" ;;
	*) names+=("$1") ;;
	esac
	shift
done

# The tests to run, in order.
select_tests() {
	local file name
	for file in build/t/*.t t/*.t; do
		((!is_quick)) || [[ $file != t/9* ]] || continue
		for name in "${names[@]-}"; do
			[[ $file != *"$name"* ]] || printf '%s\n' "$file"
		done | head -n 1
	done
}

groups=(build run test bench)
if [[ ${CI:-} == true ]]; then
	groups+=(engine browser)
	command -v npm >/dev/null || groups+=(npm)
fi
install_packages "${groups[@]}"
build
mapfile -t tests < <(select_tests)
((${#tests[@]})) || usage_error "no test is named ${names[*]}"
export WEIR_BIN=$PWD/build/bin
# Some run beside each other: see t/testrules.yml.
exec prove -j $((2 * $(nproc) + 2)) --timer --failures --comments "${tests[@]}" </dev/null
