#!/usr/bin/env bash
# Builds the Debian packages weir-node, weir-analyzer and weir-tools.
set -euo pipefail

help() {
	cat <<-'END'
		Usage: scripts/debs.sh [FOLDER]

		Builds weir-node, weir-analyzer and weir-tools for the Debian that this runs on, and writes the packages into
		FOLDER, or build/debs. The packages need what packages.txt names for "build" alone.

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
