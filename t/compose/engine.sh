# shellcheck shell=bash disable=SC2034,SC2154
# A Docker engine, Compose, and the images that docker-compose.yml names. An engine that answers is used; else
# one of our own is started, with its data in $cache, so that nothing of the machine's own Docker is touched.
# Images that the engine does not have are made of the same programs from Debian: nothing is pulled.

cache=${XDG_CACHE_HOME:-/var/cache}/weir-compose
[[ $EUID == 0 || -n ${XDG_CACHE_HOME:-} ]] || cache=$HOME/.cache/weir-compose
engine_pid=''
engine_folder=''
compose=()

# find_engine: fails with the reason in $why.
find_engine() {
	if ! command -v docker >/dev/null; then
		why='there is no docker'
	elif ! find_compose; then
		why='there is neither "docker compose" nor docker-compose'
	elif docker info >/dev/null 2>&1; then
		return 0
	elif ((EUID)); then
		why='no Docker engine answers, and only root can start one'
	elif ! command -v dockerd >/dev/null; then
		why='no Docker engine answers, and there is no dockerd to start one'
	else
		start_engine && return
		why="dockerd does not start: $(grep -E 'level=(fatal|error)|failed' "$folder/dockerd.log" | tail -n 1)"
	fi
	return 1
}

find_compose() {
	if [[ -n ${WEIR_COMPOSE:-} ]]; then
		read -ra compose <<<"$WEIR_COMPOSE"
	elif docker compose version >/dev/null 2>&1; then
		compose=(docker compose)
	elif command -v docker-compose >/dev/null; then
		compose=(docker-compose)
	else
		return 1
	fi
}

# Ends with this script, whatever becomes of it. $lock is not inherited.
start_engine() {
	local tries
	mkdir -p "$cache/engine"
	engine_folder=$(mktemp -d /run/weir-compose-XXXXXX)
	export DOCKER_HOST=unix://$engine_folder/docker.sock
	setsid setpriv --pdeathsig TERM dockerd --data-root "$cache/engine" --exec-root "$engine_folder/exec" \
		--pidfile "$engine_folder/dockerd.pid" --host "$DOCKER_HOST" \
		</dev/null >"$folder/dockerd.log" 2>&1 {lock}>&- &
	engine_pid=$!
	for ((tries = 0; tries < 300; tries++)); do
		docker info >/dev/null 2>&1 && return
		kill -0 "$engine_pid" 2>/dev/null || break
		sleep 0.1
	done
	return 1
}

# Only what was started here.
stop_engine() {
	[[ -n $engine_pid ]] || return 0
	docker image prune --force --filter until=24h >/dev/null 2>&1 || true # layers of builds before
	kill -TERM "$engine_pid" 2>/dev/null || true
	wait "$engine_pid" 2>/dev/null || true
	engine_pid=''
	rm -rf "$engine_folder"
}

# knob NAME: its value, from the environment or .env.
knob() {
	printf '%s\n' "${!1:-$(sed -n "s/^$1=//p" .env)}"
}

has_image() {
	docker image inspect "$1" >/dev/null 2>&1
}

# find_base: exports BASE_IMAGE. Made by debootstrap once, and kept; what the real image leaves out is left out.
find_base() {
	local tar=$cache/trixie.tar
	! has_image "$(knob BASE_IMAGE)" || return 0
	export BASE_IMAGE=weir-stand-in/debian:trixie-slim
	! has_image "$BASE_IMAGE" || return 0
	[[ -s $tar ]] || bootstrap "$tar" || return
	docker import --change 'CMD ["bash"]' "$tar" "$BASE_IMAGE"
}

bootstrap() (
	set -e
	root=$(mktemp -d)
	trap 'rm -rf "$root"' EXIT
	mkdir -p "$cache"
	debootstrap --variant=minbase trixie "$root"
	printf 'path-exclude /usr/share/%s/*\n' doc man info locale >"$root/etc/dpkg/dpkg.cfg.d/docker"
	printf 'path-include /usr/share/doc/*/copyright\n' >>"$root/etc/dpkg/dpkg.cfg.d/docker"
	printf 'force-unsafe-io\n' >"$root/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
	printf 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };\n' \
		>"$root/etc/apt/apt.conf.d/docker-clean"
	rm -rf "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
	tar -C "$root" -cf "$1.part" .
	mv "$1.part" "$1"
)

# make_stand_ins: of those images that the engine does not have.
make_stand_ins() {
	local name
	for name in redis haproxy prometheus; do
		has_image "$(knob "${name^^}_IMAGE")" ||
			docker build --build-arg BASE="$(knob BASE_IMAGE)" --target "$name" \
				--tag "weir-stand-in/$name" - <t/compose/stand-ins.Dockerfile || return
	done
}

# use_stand_ins: exports the names of those that are used.
use_stand_ins() {
	local name
	for name in redis haproxy prometheus; do
		has_image "$(knob "${name^^}_IMAGE")" || export "${name^^}_IMAGE=weir-stand-in/$name"
	done
}
