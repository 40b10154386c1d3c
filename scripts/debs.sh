#!/usr/bin/env bash
# Builds the Debian packages weir-node, weir-analyzer and weir-tools.
set -euo pipefail

help() {
	cat <<-'END'
		Usage: scripts/debs.sh [FOLDER]

		Installs what is missing, builds weir-node, weir-analyzer and weir-tools for the Debian that this runs on, and
		writes the packages into FOLDER, or build/debs. Of packages.txt this needs the groups "build" and "debs".

		  MAINTAINER="Name <address>"   stands in the packages
		  VERSION=0.1.0-1               is their version; without it: that of the source
		  SOURCE_DATE_EPOCH=SECONDS     is the time of everything in them; without it: of the last commit
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
. scripts/shell.sh
case ${1-} in
--help | -h) help && exit 0 ;;
-*) usage_error "unknown option '$1'" ;;
esac

install_packages build debs >&2
for program in dpkg-shlibdeps file perl; do # without the first two cpack makes packages that need nothing
	command -v "$program" >/dev/null || die "there is no $program: the group \"debs\" of packages.txt has it"
done
folder=$(mkdir -p "${1:-build/debs}" && cd "${1:-build/debs}" && pwd)
[[ -n ${SOURCE_DATE_EPOCH-} ]] || SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
cmake --preset release -DCMAKE_INSTALL_PREFIX=/usr -UWEIR_MAINTAINER -UWEIR_PACKAGE_VERSION ${MAINTAINER:+"-DWEIR_MAINTAINER=$MAINTAINER"} \
	${VERSION:+"-DWEIR_PACKAGE_VERSION=$VERSION"} >/dev/null
cmake --build build --target weir-node weir-analyzer weir-sidecar weir-loadgen weirctl
(cd build && cpack -G DEB -B "$folder" >"$folder/cpack.log" 2>&1) || {
	cat "$folder/cpack.log" >&2
	exit 1
}
rm -rf "$folder/_CPack_Packages"
ls "$folder"/*.deb
