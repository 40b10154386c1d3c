#!/usr/bin/env bash
# Installs what is missing, builds build/ and runs the tests. What it prints ends with prove's summary, and with what
# failed files said.
set -u
export LC_ALL=C.UTF-8

help() {
	cat <<-'END'
		Usage: ./test.sh [--quick] [NAME...]

		Installs what is missing, builds everything and runs all tests. Those below build/t are in C, one for each
		part. Those below t are in Perl and run whole programs; each subject has a folder. With names, only the
		tests run that have one of them in their path:
		  ./test.sh ledger t/cluster

		  --quick   only what needs no other build, no container and no browser
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
	while read -r file; do
		((!is_quick)) || [[ ! $file =~ ^t/(sanitizers|fuzz|style/format|compose/(images|promises)|dashboard)(/|\.t) ]] || continue
		for name in "${names[@]-}"; do
			[[ $file != *"$name"* ]] || printf '%s\n' "$file"
		done | head -n 1
	done < <(find build/t t -name '*.t' | LC_ALL=C sort)
}

groups=(build debs run test bench)
if [[ ${CI:-} == true ]]; then
	groups+=(engine browser packages)
	command -v npm >/dev/null || groups+=(npm)
fi
install_packages "${groups[@]}"
if [[ ${CI:-} == true ]]; then # beside the build; who needs them and does not find them tries again, and tells why
	scripts/test-tools.sh agents >/dev/null 2>&1 &
	agents=$!
fi
build
[[ -z ${agents-} ]] || wait "$agents"
mapfile -t tests < <(select_tests)
((${#tests[@]})) || usage_error "no test is named ${names[*]}"
export WEIR_BIN=$PWD/build/bin
exec scripts/run-tests.sh "${tests[@]}"
