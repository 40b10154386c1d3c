#!/usr/bin/env bash
# Builds everything for arm64 on another machine, and runs the unit tests: see --help.
set -euo pipefail
export LC_ALL=C.UTF-8

help() {
	cat <<-'END'
		Usage: scripts/arm64.sh [options]

		Builds everything for arm64 with Debian's cross compiler, where a warning is an error, and runs the unit tests
		under qemu. It works in a root of Debian that debootstrap makes in build-arm64/root-RELEASE, so that this machine
		stays as it is. It needs root, debootstrap and some 2 GB. The binaries are in build-arm64/bin.

		  --release NAME  Debian's release: bookworm, trixie (default: that of this machine)
		  --no-tests      build, and run nothing
		  --tests REGEX   run only the unit tests whose name matches
		  --help          this text
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
. scripts/shell.sh

release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
tests=.
while (($#)); do
	case $1 in
	--help | -h) help && exit 0 ;;
	--no-tests) tests='' ;;
	--release | --tests)
		(($# > 1)) || usage_error "$1 needs a value"
		[[ $1 == --release ]] && release=$2 || tests=$2
		shift
		;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[[ $release =~ ^[a-z]+$ ]] || usage_error "--release wants a name such as trixie"
((EUID == 0)) || die "this makes a root of Debian, which needs root"
command -v debootstrap >/dev/null || die "there is no debootstrap: apt-get install debootstrap"

folder=$PWD/build-arm64
root=$folder/root-$release

# in_root COMMAND...: with this checkout at /src, in a namespace of its own, so that no mount stays.
in_root() {
	# shellcheck disable=SC2016 # for the shell inside
	unshare --mount --pid --fork --kill-child --propagation private sh -ec '
		root=$1 src=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount --bind /dev "$root/dev"
		mount --bind "$src" "$root/src"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
	' sh "$root" "$PWD" "$@"
}

# The libraries of the group "build" are those of arm64. The rest of it runs here.
make_root() {
	local native=() foreign=() package
	while read -r package; do
		case $package in
		lib*-dev) foreign+=("$package:arm64") ;;
		gcc | g++) ;;
		*) native+=("$package") ;;
		esac
	done < <(awk '$1 == "build" { print $2 }' packages.txt)
	rm -rf "$root"
	debootstrap --variant=minbase "$release" "$root"
	mkdir -p "$root/src"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
	in_root dpkg --add-architecture arm64
	in_root apt-get update -q
	in_root apt-get install -q -y --no-install-recommends crossbuild-essential-arm64 qemu-user-static redis-server ca-certificates \
		"${native[@]}" "${foreign[@]}"
	touch "$root/ready"
}

mkdir -p "$folder"
[[ -e $root/ready ]] || make_root
in_root cmake -S /src -B /src/build-arm64 -G Ninja -DCMAKE_TOOLCHAIN_FILE=/src/cmake/arm64.cmake -DCMAKE_BUILD_TYPE=Release -DWEIR_WERROR=ON \
	-DWEIR_TEST_TIMEOUT=3000
in_root ninja -C /src/build-arm64
say "built for arm64, without a warning: $(file -b build-arm64/bin/weir-node 2>/dev/null || echo build-arm64/bin)"
[[ -z $tests ]] || in_root ctest --test-dir /src/build-arm64 --output-on-failure --parallel "$(nproc)" --tests-regex "$tests"
