# shellcheck shell=bash
# Shell functions for what tests need and Debian does not have: fetched once with npm, and kept outside the checkout.
# To be read after shell.sh.

# tools_folder NAME VERSIONS: another choice of versions is another folder.
tools_folder() {
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
