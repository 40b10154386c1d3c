#!/usr/bin/env bash
# What drives Chromium in the tests of the dashboard, and the rules of accessibility: t/browser/package.json, installed
# once, outside the checkout. Prints the folder: node_modules is in it. The browser itself is a Debian package.
set -euo pipefail

help() {
	cat <<-'END'
		Usage: scripts/browser-tools.sh [--find]

		Installs what t/browser/package.json names with npm, unless it is there, and prints its folder. It is below
		$XDG_CACHE_HOME/weir, or ~/.cache/weir. To take other versions, change them in package.json, and then:
		  cd t/browser && npm install --package-lock-only --omit-lockfile-registry-resolved

		  --find    install nothing; exit status 1 when it is not there
		  --help    this text
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
. scripts/shell.sh
. scripts/tools.sh

case ${1-} in
--help | -h) help && exit 0 ;;
--find | '') ;;
*) usage_error "unknown argument '$1'" ;;
esac

fetch() {
	cp t/browser/package.json t/browser/package-lock.json "$1" &&
		npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund
}

find_or_fetch "$(tools_folder browser "$(<t/browser/package-lock.json)")" fetch "$@"
