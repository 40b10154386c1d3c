#!/usr/bin/env bash
# Makes a release: see --help and docs/releasing.md.
set -euo pipefail
export LC_ALL=C.UTF-8

help() {
	cat <<-'END'
		Usage: scripts/release.sh VERSION [options]

		Sets the version in every file that names it, cuts CHANGELOG.md, and commits that. Then it runs the checks,
		builds what is shipped, writes SHA256SUMS, and tags the commit as vVERSION. Without --push-* nothing is published.
		The tag comes after all that can fail here, and publishing after the tag. After a failed step, mend it and run the same command again: it goes on with that release.

		  --dry-run         print each step and what it would run, and change nothing
		  --skip STEP,...   leave steps out: tests, chaos, bench, debs, chart, image
		  --output FOLDER   where packages, chart and sums go (default: build/release-VERSION)
		  --date YYYY-MM-DD stands in CHANGELOG.md (default: today, UTC)
		  --sign KEY        sign the tag, the sums and the chart with this key of gpg; helm reads ~/.gnupg/secring.gpg, or $KEYRING
		  --push-chart oci://REGISTRY/PATH   push the chart, and its signature
		  --push-image REGISTRY/NAME         push the image as REGISTRY/NAME:VERSION
		  --help            this text
	END
}

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
. scripts/shell.sh

all_steps=(tests chaos bench debs chart image)
version=''
is_dry=0
skipped=','
output=''
date=$(date -u +%F)
key=''
chart_to=''
image_to=''
while (($#)); do
	case $1 in
	--help | -h) help && exit 0 ;;
	--dry-run) is_dry=1 ;;
	--skip | --output | --date | --sign | --push-chart | --push-image)
		(($# > 1)) || usage_error "$1 needs a value"
		case $1 in
		--skip) skipped+=$2, ;;
		--output) output=$2 ;;
		--date) date=$2 ;;
		--sign) key=$2 ;;
		--push-chart) chart_to=$2 ;;
		--push-image) image_to=$2 ;;
		esac
		shift
		;;
	-*) usage_error "unknown option '$1'" ;;
	*)
		[[ -z $version ]] || usage_error "there is more than one version"
		version=$1
		;;
	esac
	shift
done
[[ $version =~ ^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}$ ]] || usage_error "the version must be three numbers, such as 0.2.0"
[[ $date =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || usage_error "the date must be YYYY-MM-DD"
[[ -z $chart_to || $chart_to =~ ^oci://[^/]+/?. ]] || usage_error "--push-chart must be oci://REGISTRY/PATH"
[[ ! $image_to =~ ^oci:|:// ]] || usage_error "--push-image must be REGISTRY/NAME, without oci://"
IFS=, read -ra names <<<"${skipped#,}"
for name in "${names[@]}"; do
	[[ " ${all_steps[*]} " == *" $name "* ]] || usage_error "there is no step '$name'"
done
[[ -z $chart_to || $skipped != *,chart,* ]] || usage_error "--push-chart needs the step chart"
[[ -z $image_to || $skipped != *,image,* ]] || usage_error "--push-image needs the step image"
tag=v$version
output=$(realpath -m "${output:-build/release-$version}")

# Whether a step is left out.
is_skipped() {
	[[ $skipped == *",$1,"* ]]
}

# run COMMAND...: or print it, in a dry run.
run() {
	printf '+'
	printf ' %q' "$@"
	printf '\n'
	((is_dry)) || "$@"
}

# ---- what must be so at the start ----

last_tag() {
	git tag --list 'v*' --sort=-version:refname | head -n 1
}

check_start() {
	local last
	[[ -z $(git status --porcelain) ]] || die "the tree has changes that are not committed: commit or stash them"
	! git rev-parse -q --verify "refs/tags/$tag" >/dev/null || die "the tag $tag is there already"
	last=$(last_tag)
	[[ -z $last || $(printf '%s\n' "$last" "$tag" | sort -V | tail -n 1) == "$tag" ]] ||
		die "$version is older than the last release, ${last#v}"
	is_skipped chart || command -v helm >/dev/null || die "there is no helm: install it, or use --skip chart"
	is_skipped image || docker info >/dev/null 2>&1 || die "no Docker engine answers: start one, or use --skip image"
	[[ -z $key ]] || gpg --list-secret-keys "$key" >/dev/null 2>&1 || die "gpg has no secret key '$key'"
}

# ---- version and changelog ----

# write_version: CMakeLists.txt is the source, the others name it where no program can fill it in.
write_version() {
	V=$version perl -pi -e 's/^(project\(weir VERSION )\S+/$1$ENV{V}/' CMakeLists.txt
	V=$version perl -pi -e 's/^((?:appV|v)ersion: ).*/$1$ENV{V}/; s/(image: weir:)\S+/$1$ENV{V}/' helm/weir/Chart.yaml
	V=$version perl -pi -e "s/^(\\s+version: ')\\d+\\.\\d+\\.\\d+'/\$1\$ENV{V}'/" node/openapi.yaml
	V=$version perl -pi -e 's/^(ARG VERSION=).*/$1$ENV{V}/' Dockerfile
	V=$version perl -pi -e 's/((?:^| |\/)weir:)\d+\.\d+\.\d+/$1$ENV{V}/g' docs/kubernetes.md
}

# is_cut: whether CHANGELOG.md has this version.
is_cut() {
	grep -qF "## [$version]" CHANGELOG.md
}

# What is new stands under "Unreleased", before the next version. A line such as "To be 0.1.0." is no news.
news() {
	awk '/^## / { is_in = /^## \[Unreleased\]/; next } is_in && !/^To be / && NF' CHANGELOG.md
}

cut_changelog() {
	V=$version D=$date perl -0pi -e \
		's/^## \[Unreleased\]\n(?:\nTo be [^\n]*\n)?/## [Unreleased]\n\n## [$ENV{V}] - $ENV{D}\n/m' CHANGELOG.md
}

prepare() {
	if is_cut; then
		say "CHANGELOG.md has $version: this goes on with that release"
		return
	fi
	[[ -n $(news) ]] || die "CHANGELOG.md has nothing under Unreleased"
	say "sets the version $version, and dates $(news | grep -c '^- ') entries of CHANGELOG.md to $date"
	((!is_dry)) || return 0
	write_version
	cut_changelog
	git commit -q -a -m "Release $version" -m "The version is the same in all files that name it, and the changelog has its date."
}

# ---- checks ----

check_tests() {
	run ./test.sh
}

check_chaos() {
	run t/chaos/run --for 30m
}

# The instructions of a packet against the stored count, and the speed of both releases on this machine.
check_bench() {
	local last old
	last=$(last_tag)
	run bench/instructions
	run bench/run --only floor,weir --json "$output/bench-$version.json"
	[[ -n $last ]] || {
		say "there is no release before this one to compare with"
		return 0
	}
	old=build/release-before
	[[ ! -d $old ]] || run git worktree remove --force "$old" # of a run that failed
	run git worktree add --force --detach "$old" "$last"
	run "$old/bench/run" --only floor,weir --json "$output/bench-${last#v}.json"
	run git worktree remove --force "$old"
	say "compare $output/bench-${last#v}.json with $output/bench-$version.json"
}

# ---- what is shipped ----

make_debs() {
	run scripts/debs.sh "$output"
}

make_chart() {
	run helm lint --strict helm/weir
	run helm package helm/weir --destination "$output" ${key:+--sign --key "$key"} ${KEYRING:+--keyring "$KEYRING"}
}

make_image() {
	local epoch
	epoch=$(git log -1 --format=%ct)
	run docker build --build-arg "VERSION=$version" --build-arg "SOURCE_DATE_EPOCH=$epoch" --tag "weir:$version" .
	say "writes $output/weir-$version-image.packages.txt, what the image consists of"
	((!is_dry)) || return 0
	docker run --rm --network none "weir:$version" dpkg-query --show \
		--showformat '${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' >"$output/weir-$version-image.packages.txt"
}

write_sums() {
	say "writes $output/SHA256SUMS"
	((!is_dry)) || return 0
	(cd "$output" && find . -maxdepth 1 -type f \( -name '*.deb' -o -name '*.tgz' -o -name '*.prov' -o -name '*.packages.txt' \) -printf '%P\n' |
		LC_ALL=C sort | xargs -r sha256sum >SHA256SUMS)
	[[ -z $key ]] || gpg --yes --local-user "$key" --armor --detach-sign "$output/SHA256SUMS"
}

make_tag() {
	[[ -z $(git status --porcelain --untracked-files=no) ]] || die "a step has changed files of the tree: see git status"
	run git tag ${key:+--local-user "$key" --sign} --annotate "$tag" --message "Weir $version"
}

# ---- what is published ----

publish() {
	[[ -z $chart_to ]] || run helm push "$output/weir-$version.tgz" "$chart_to"
	[[ -z $image_to ]] || {
		run docker tag "weir:$version" "$image_to:$version"
		run docker push "$image_to:$version"
	}
}

check_start
prepare
run mkdir -p "$output"
for step in tests chaos bench; do
	is_skipped "$step" || "check_$step"
done
for step in debs chart image; do
	is_skipped "$step" || "make_$step"
done
write_sums
make_tag
publish
if ((is_dry)); then
	say "nothing was changed"
else
	say "$tag is made: docs/releasing.md has what comes next"
fi
