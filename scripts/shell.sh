# shellcheck shell=bash
# Shell functions shared by up.sh and test.sh, which run at the top of the checkout.

say() { # a line for each argument
	printf "%s\n" "$@"
}

# A command line that cannot be carried out.
usage_error() {
	printf '%s: %s (see --help)\n' "$0" "$*" >&2
	exit 2
}

die() {
	printf '%s: %s\n' "$0" "$*" >&2
	exit 1
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		sudo "$@"
	fi
}

# named_packages GROUP...: those of packages.txt that this release has, one a line.
named_packages() {
	awk -v groups=" $* " -v release="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" \
		'!/^#/ && NF && index(groups, " " $1 " ") && (NF == 2 || $3 == release) { print $2 }' packages.txt
}

# missing_packages GROUP...: those that are not installed.
missing_packages() {
	local wanted
	wanted=$(named_packages "$@")
	# shellcheck disable=SC2086 # one word for each package
	comm -23 <(sort -u <<<"$wanted") <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
		awk '$1 == "installed" { print $2 }' | sort -u)
}

# Debian starts the service that a package brings, now and at every boot, while only its program is wanted
# here: so policy-rc.d (how Debian asks) says no during the installation. One that is there already stays.
apt_get_install() (
	local policy=/usr/sbin/policy-rc.d service
	trap 'exit 130' INT TERM
	if [[ ! -e $policy ]]; then
		trap 'as_root rm -f "$policy"' EXIT
		as_root install -m 755 scripts/policy-rc.d "$policy" || exit 1
	fi
	as_root apt-get update -q || say "going on with the package lists as they are"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 "$@" || exit 1
	for service in redis-server prometheus haproxy nginx docker.io; do
		[[ " $* " != *" $service "* ]] || as_root update-rc.d "${service%.io}" disable || exit 1
	done
)

# install_packages GROUP...: those of packages.txt that are missing.
install_packages() {
	local missing log
	if ! command -v dpkg-query >/dev/null; then
		say "this is no Debian system: packages.txt names what is needed"
		return
	fi
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	if ((EUID)) && ! command -v sudo >/dev/null; then
		die "there is no sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
	fi
	say "installing ${#missing[@]} packages: ${missing[*]}"
	log=$(mktemp)
	if ! apt_get_install "${missing[@]}" >"$log" 2>&1 </dev/null; then
		tail -n 30 "$log" >&2
		die "apt-get failed; all it said is in $log"
	fi
	rm -f "$log"
}

# build [TARGET...]: build/, released; everything without a target. How far it is, is shown.
build() {
	local log=build/build.log is_terminal=0
	[[ ! -t 1 ]] || is_terminal=1
	mkdir -p build
	say "building build/"
	if [[ ! -e build/build.ninja ]] && ! cmake --preset release "${cmake_options[@]}" >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "cmake failed; all it said is in $log"
	fi
	NINJA_STATUS='[%f/%t] ' ninja -C build "$@" 2>&1 | tee "$log" |
		awk -v is_terminal="$is_terminal" -f scripts/build_progress.awk
	if ((PIPESTATUS[0])); then
		tail -n 60 "$log" >&2
		die "the build failed; all it said is in $log"
	fi
}

cmake_options=()
if command -v ccache >/dev/null; then
	cmake_options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
