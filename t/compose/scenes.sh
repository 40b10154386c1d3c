# shellcheck shell=bash disable=SC1083,SC2119,SC2120,SC2154
# What t/compose/run does to the containers, and what it looks at. Each function fails where it is not as it
# should be, and says why.

# ---- looking ----

compose() {
	"${compose[@]}" "$@" </dev/null
}

# of WHAT...: docker ps, volume ls or network ls, of this project alone.
of() {
	"$@" --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
}

containers() {
	of docker ps --filter "label=com.docker.compose.service=$1"
}

# port_of SERVICE PORT: 127.0.0.1:32768
port_of() {
	docker port "$(containers "$1")" "$2" | head -n 1
}

cluster() {
	curl -fsS --max-time 5 "http://$admin/v1/cluster"
}

# Through the balancer: the page, and its stream, which goes on.
dashboard_is_live() {
	curl -fsS --max-time 5 -H 'Accept: text/html' "http://$admin/" | grep '<title>Weir</title>' >/dev/null &&
		(($(curl -sS -N --max-time 6 -H 'Accept: text/event-stream' "http://$admin/v1/events" | grep -c '^event: overview') >= 3))
}

# cluster_is JQ-CONDITION
cluster_is() {
	cluster | jq -e "$1" >/dev/null
}

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS > end)); then
			echo "this did not come true: $*"
			"$@" || cluster
			return 1
		fi
		sleep 0.2
	done
}

shares_are() { # JSON object
	cluster_is "[.analyzers[] | select(.share > 0) | {(.id): (.share * 1000 | round / 1000)}] | add == $1"
}

# ---- the images ----

build_images() {
	local failed=0
	find_base && {
		make_stand_ins >"$folder/stand-ins.log" 2>&1 &
		compose build node || failed=1
		wait $! || { failed=1 && tail -n 20 "$folder/stand-ins.log"; }
		((!failed))
	}
}

# In its container, as a step of a build would run for each image that somebody makes. Half an hour is ample.
unit_tests_pass() {
	local status=0
	docker build --build-arg BASE="$(knob BASE_IMAGE)" --target test --tag weir-test-units . >"$folder/units" 2>&1 ||
		{ tail -n 25 "$folder/units" && return 1; }
	timeout 1800 docker run --rm --network none weir-test-units >"$folder/units" 2>&1 || status=$?
	((!status)) || grep -vE ' Passed |^ *Start |^\[[0-9]+/' "$folder/units"
	return "$status"
}

image_is_small() {
	local size base
	size=$(docker image inspect --format '{{.Size}}' "$(knob WEIR_IMAGE)")
	base=$(docker image inspect --format '{{.Size}}' "$(knob BASE_IMAGE)")
	echo "$size bytes, of which its base has $base"
	((size - base < 60000000))
}

# Its programs are those of our packages, and nothing in it compiles.
image_is_of_packages() {
	local package list
	list=$(docker run --rm --network none "$(knob WEIR_IMAGE)" dpkg-query --show --showformat '${Package}\n') || return
	for package in weir-node weir-analyzer weir-tools; do
		grep -qx "$package" <<<"$list" || { echo "$package is missing" && return 1; }
	done
	! grep -xE '(gcc|g\+\+|cpp)(-[0-9]+)?|make|cmake|ninja-build|binutils|lib.*-dev|python3' <<<"$list"
}

last_layer() {
	docker image inspect --format '{{json .RootFS.Layers}}' "$1" | jq -r 'last'
}

# The packages are the same byte for byte, which t/packages/debs.t sees to. Here they are installed once more.
layer_is_the_same() {
	docker build --build-arg BASE="$(knob BASE_IMAGE)" --build-arg REINSTALL="$$" --tag weir-test-again . || return
	echo "$(last_layer "$(knob WEIR_IMAGE)") $(last_layer weir-test-again)"
	[[ $(last_layer "$(knob WEIR_IMAGE)") == "$(last_layer weir-test-again)" ]]
}

image_is_labelled() {
	docker image inspect --format '{{json .Config}}' "$(knob WEIR_IMAGE)" | jq -e '
		.User == "10001:10001" and .Healthcheck.Test[1] == "weirctl" and .Entrypoint == null and
		.Labels["org.opencontainers.image.title"] == "Weir" and
		(.Labels["org.opencontainers.image.version"] | length) > 0'
}

has_all_programs() {
	local program
	for program in weir-node weir-analyzer weir-sidecar weir-loadgen weirctl; do
		docker run --rm --read-only --cap-drop ALL --network none "$(knob WEIR_IMAGE)" "$program" --version || return
	done
}

# ---- the containers ----

are_locked() {
	# shellcheck disable=SC2046 # one word for each
	docker inspect $(of docker ps) | jq -e 'length >= 8 and all(
		.HostConfig.ReadonlyRootfs and .HostConfig.CapDrop == ["ALL"] and .HostConfig.Memory > 0 and
		.HostConfig.NanoCpus > 0 and .HostConfig.PidsLimit > 0 and
		(.HostConfig.SecurityOpt | any(startswith("no-new-privileges"))) and
		(.Config.User | test("^[1-9][0-9]*:[0-9]+$")))'
}

are_healthy() {
	# shellcheck disable=SC2046
	docker inspect $(of docker ps) | jq -e 'all(.State.Health.Status == "healthy")'
}

# Nothing between the program and the signals.
is_process_1() {
	[[ $(docker exec "$1" cat /proc/1/comm) == "$2" ]]
}

cannot_write() {
	! docker exec "$1" touch /tmp/x /x && [[ $(docker exec "$1" id -u) == 10001 ]]
}

# scale SERVICE=N...: as they are, but for those named.
declare -A scale=([node]=3 [analyzer]=0)
scale() {
	local pair
	for pair in "$@"; do
		scale[${pair%=*}]=${pair#*=}
	done
	compose up -d --scale "node=${scale[node]}" --scale "analyzer=${scale[analyzer]}"
}

# scale_nodes N: and all of them take their part of the load.
scale_nodes() {
	scale "node=$1" && wait_until 20 cluster_is ".nodes | length == $1" && wait_until 20 all_receive "$1"
}

all_receive() {
	local id n=0
	for id in $(containers node); do
		is_at_least 1 "$id" weir_received_packets_total && n=$((n + 1))
	done
	((n == $1))
}

# is_at_least N CONTAINER METRIC: of a node, asked by its own address and not by way of the balancer.
is_at_least() {
	local address
	address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$2")
	curl -fsS --max-time 5 "http://$address:8081/metrics" |
		awk -v name="$3" -v n="$1" '$1 == name { seen = $2 } END { exit !(seen >= n) }'
}

scale_nodes_down() {
	local since
	since=$(date +%s)
	scale_nodes "$1" && ended_well "$since"
}

stop_nodes() {
	local since
	since=$(date +%s)
	compose stop node && ended_well "$since"
}

# ended_well SINCE: the nodes that have ended since then, by themselves, with 0.
ended_well() {
	local exits
	exits=$(docker events --since "$1" --until "$(date +%s.%N)" --filter event=die \
		--filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
		--filter label=com.docker.compose.service=node --format '{{.Actor.Attributes.exitCode}}')
	say "exit statuses:" "$exits"
	[[ -n $exits ]] && ! grep -vx 0 <<<"$exits"
}

# send_large BYTES: one packet.
send_large() {
	awk -v n="$1" 'BEGIN { printf "{\"messages\":[\""; for (i = 0; i < n; i++) printf "x"; printf "\"]}" }' |
		curl -fsS --max-time 20 --data-binary @- "http://$ingest/ingest"
}

balancer_refuses() {
	wait_until 10 is_refused
}

is_refused() {
	local answer
	answer=$(curl -sS --max-time 20 --include --data '{"messages":[1]}' "http://$ingest/ingest")
	say "$answer"
	grep -q '^HTTP/1.1 503 ' <<<"$answer" && grep -qi '^retry-after: [0-9]' <<<"$answer"
}

# ---- what befalls it ----

stop_analyzer() {
	compose stop a3 && wait_until 5 shares_are '{"a1":0.625,"a2":0.375}' && cluster_is '.analyzers | length == 2'
}

# Each by the name of its container.
scale_analyzers() {
	local ids
	scale analyzer=2 && wait_until 10 cluster_is '.analyzers | length == 5' || return
	ids=$(containers analyzer | cut -c 1-12 | sort | jq -Rsc 'split("\n") - [""]')
	cluster_is "[.analyzers[] | select(.weight == 0.1) | .id] | sort == $ids"
}

# One that has packets in flight.
kill_node() {
	local victim
	victim=$(containers node | head -n 1)
	compose exec -T node weirctl fault a1 slow:100 &&
		wait_until 20 is_at_least 3 "$victim" weir_in_flight_packets &&
		docker kill --signal KILL "$victim" && wait_until 15 cluster_is '.nodes | length == 2' &&
		compose exec -T node weirctl fault a1 none
}

restart_redis() {
	compose restart redis && wait_until 10 all_modes_are_known
}

# Nodes are with Redis again.
all_modes_are_known() {
	cluster_is '.nodes | length == 3 and all(.mode != "away")'
}

weirctl_verifies() {
	compose exec -T node weirctl verify --for 3s
}

loadgen_profile_shows() {
	local id
	LOAD_DURATION=5s LOAD_RATE=500 compose --profile load up -d --scale node=3 || return
	id=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
		--filter label=com.docker.compose.service=loadgen)
	timeout 60 docker wait "$id" && docker logs "$id" && docker logs "$id" | grep '^shares right' &&
		[[ $(docker inspect --format '{{.State.ExitCode}}' "$id") == 0 ]]
}

# Every node and analyzer, and our rules.
prometheus_finds_all() {
	compose --profile monitoring up -d --scale node=3 prometheus &&
		wait_until 40 prometheus_says targets '[.data.activeTargets[].health] | length == 6 and all(. == "up")' &&
		wait_until 20 prometheus_says rules '[.data.groups[].rules[].health] | length > 0 and all(. == "ok")'
}

# prometheus_says WHAT JQ-CONDITION
prometheus_says() {
	curl -fsS "http://$(port_of prometheus 9090)/api/v1/$1" | jq -e "$2"
}

# Who believes the authority that the first start has made is served at both of its ports.
tls_profile_serves() {
	local ca=$folder/ca.crt ingest_tls
	compose --profile tls up -d node-tls &&
		wait_until 20 docker cp "$(containers node-tls):/certificates/ca.crt" "$ca" || return
	ingest_tls=$(port_of node-tls 8443)
	wait_until 20 curl -fsS --max-time 5 --cacert "$ca" "https://$(port_of node-tls 8444)/livez" &&
		[[ $(curl -sS --max-time 5 --cacert "$ca" --http2 -o /dev/null -w '%{http_code} %{http_version}' "https://$ingest_tls/ingest" -d '{"messages":["by TLS"]}') == '202 2' ]] &&
		! curl -sS --max-time 5 "https://$ingest_tls/livez" 2>/dev/null
}

redis_cli_shows() {
	compose exec -T redis weir-redis-cli --raw hget 'weir:{default}:weight' a1 | grep -x 0.5 &&
		compose exec -T redis weir-redis-cli --raw --eval /weir/status.lua \
			weir:{default}:{weight,state,expires,routed,delivered,processed} | grep -E '^a2 +active +0.3 '
}

compose_down() {
	compose --profile load --profile monitoring --profile tls down --volumes "$@"
}

down_leaves_nothing() {
	compose_down || return
	of docker ps --all && of docker volume ls && of docker network ls
	[[ -z $(of docker ps --all)$(of docker volume ls)$(of docker network ls) ]]
}
