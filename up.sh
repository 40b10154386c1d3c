#!/usr/bin/env bash
# A whole Weir on this machine, on the loopback alone: a Redis of its own, nodes that share one ingest
# port, analyzers that register themselves, and a load of real log lines; with a table of who gets how much.
set -u
export LC_ALL=C

help() {
	cat <<-'END'
		Usage: ./up.sh [options]

		Installs what is missing, builds, starts everything and shows how the messages are divided.
		Ctrl-C stops all of it.

		  --for TIME            end after that (10s, 2m), with a verdict: exit status 0 when nothing
		                        was lost and the shares are right, 1 when not
		  --nodes N             nodes, 1 to 50 (default: 3)
		  --analyzers W1,W2,..  one analyzer for each weight (default: 0.5,0.3,0.2)
		  --rate R              packets a second, 1 to 9 messages each; 0: as fast as it goes
		                        (default: 1000)
		  --replay FILE         the log whose lines are sent; -: standard input
		                        (default: a log of this machine)
		  --no-load             send nothing
		  --demo NAME           show one thing in a minute, or in --for. The exit status is its verdict.
		                        weights: the shares follow a weight. failover: an analyzer is
		                        killed. throughput: as fast as it goes. spill: all are killed.
		  --help                this text
	END
}

from=$PWD
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1
. scripts/shell.sh
. scripts/processes.sh
. scripts/demo.sh

# ---- the command line ----

duration='' n_nodes=3 weights=0.5,0.3,0.2 rate=1000 replay='' has_load=1 demo='' total=60

check_options() {
	local number='[0-9]{1,7}(\.[0-9]{1,9})?'
	[[ -z $duration || $duration =~ ^0*[1-9][0-9]{0,6}(ms|s|m|h)?$ ]] ||
		usage_error "--for wants a time such as 10s or 2m, not '$duration'"
	[[ $n_nodes =~ ^[1-9][0-9]?$ && $n_nodes -le 50 ]] || usage_error "--nodes wants 1 to 50, not '$n_nodes'"
	[[ $rate =~ ^$number$ ]] || usage_error "--rate wants packets a second, not '$rate'"
	[[ $weights =~ ^$number(,$number){0,49}$ ]] ||
		usage_error "--analyzers wants weights such as 0.5,0.3,0.2, at most 50, not '$weights'"
	if [[ -n $demo ]]; then
		[[ " $demos " == *" $demo "* ]] || usage_error "--demo wants one of $demos, not '$demo'"
		((has_load)) || usage_error "--demo sends a load of its own: leave --no-load out"
		[[ $replay != - ]] || usage_error "--demo does not read standard input"
		[[ -z $duration ]] || total=$(seconds_of "$duration")
		((total >= 6)) || usage_error "--demo needs at least 6 s"
		duration='' # the load ends with the last part
		[[ $demo != throughput ]] || rate=0
	fi
	IFS=, read -ra weight_of <<<"$weights"
	if [[ -n $replay && $replay != - ]]; then
		[[ $replay == /* ]] || replay=$from/$replay
		[[ -f $replay && -r $replay && -s $replay ]] || usage_error "--replay: no lines can be read from '$replay'"
	fi
}

parse_options() {
	local option value
	while (($#)); do
		option=$1
		shift
		case $option in
		--help | -h) help && exit 0 ;;
		--no-load) has_load=0 && continue ;;
		--*=*) value=${option#*=} option=${option%%=*} ;;
		--for | --nodes | --analyzers | --rate | --replay | --demo)
			(($#)) || usage_error "$option wants a value"
			value=$1
			shift
			;;
		esac
		case $option in
		--for) duration=$value ;;
		--nodes) n_nodes=$value ;;
		--analyzers) weights=$value ;;
		--rate) rate=$value ;;
		--replay) replay=$value ;;
		--demo) demo=$value ;;
		*) usage_error "unknown option '$option'" ;;
		esac
		[[ -n $value ]] || usage_error "$option wants a value"
	done
	check_options
}

# ---- ports ----

declare -A port_taken=()

# A listener is looked for by connecting: nodes share ports, so binding alone would let us join a stranger.
is_listening() {
	timeout 1 bash -c ': </dev/tcp/127.0.0.1/$0' "$1" 2>/dev/null
	[[ $? -ne 1 ]]
}

# take_port WHAT FIRST: the first free one from there, into $port.
take_port() {
	for ((port = $2; port < 65536; port++)); do
		[[ -z ${port_taken[$port]:-} ]] || continue
		is_listening "$port" || break
	done
	port_taken[$port]=1
	[[ -n ${port_taken[$2]:-} ]] || say "port $2 is taken: $1 uses $port"
}

# ---- the start ----

is_answering() {
	[[ $(redis-cli -p "$redis_port" ping 2>/dev/null) == PONG ]]
}

# is_ready ADMIN_URL: its node takes packets.
is_ready() {
	curl -fs -m 2 -o /dev/null "$1/readyz"
}

# knows_all ADMIN_URL: its node sees all nodes, and can reach all analyzers.
knows_all() {
	curl -fs -m 2 "$1/v1/cluster" | jq -e --argjson nodes "$n_nodes" --argjson analyzers "${#weight_of[@]}" '
		(.nodes | length) == $nodes and ([.analyzers[] | select(.health == "up")] | length) == $analyzers' >/dev/null
}

start_redis() {
	take_port redis 6380
	redis_port=$port
	mkdir "$folder/redis"
	start redis redis-server --port "$port" --bind 127.0.0.1 --dir "$folder/redis" --save '' --appendonly no
	wait_for 10 "redis" is_answering
}

start_nodes() {
	local i url
	admin_urls=()
	for ((i = 1; i <= n_nodes; i++)); do
		take_port "the admin port of n$i" $((8080 + i))
		admin_urls+=("http://127.0.0.1:$port")
	done
	take_port "the ingest port" 8080
	ingest_port=$port
	for ((i = 1; i <= n_nodes; i++)); do
		start "n$i" build/bin/weir-node --node-id "n$i" --workers 1 --redis "redis://127.0.0.1:$redis_port" \
			--listen "127.0.0.1:$ingest_port" --admin-listen "${admin_urls[i - 1]#http://}" --drain-delay 0ms
	done
	for url in "${admin_urls[@]}"; do
		wait_for 10 "the node at $url" is_ready "$url"
	done
}

# start_analyzer I: the one with this place among the weights. Each registers with another node first.
start_analyzer() {
	local first=$(($1 % n_nodes)) id=a$(($1 + 1)) urls more=()
	urls=("${admin_urls[@]:first}" "${admin_urls[@]:0:first}")
	[[ -z $demo ]] || more=(--record "$folder/$id.record")
	start "$id" build/bin/weir-analyzer --id "$id" --weight "${weight_of[$1]}" \
		--listen 127.0.0.1:0 --register "$(IFS=,; printf '%s' "${urls[*]}")" "${more[@]}"
}

start_analyzers() {
	local i url
	for ((i = 0; i < ${#weight_of[@]}; i++)); do
		start_analyzer "$i"
	done
	for url in "${admin_urls[@]}"; do
		wait_for 15 "all analyzers to register" knows_all "$url"
	done
}

# A log of this machine, whoever runs this; without any, the load generator makes messages up.
choose_log() {
	local file
	[[ -z $replay ]] || return
	for file in /var/log/{dpkg.log,dpkg.log.1,syslog,messages,bootstrap.log,alternatives.log}; do
		if [[ -r $file ]] && (($(wc -l <"$file") >= 100)); then
			replay=$file
			return
		fi
	done
}

start_load() {
	local options=(--target "http://127.0.0.1:$ingest_port/ingest" --rate "$rate" --duration "${duration:-0}"
		--messages 1-9 --connections $((8 * n_nodes)) --json)
	choose_log
	[[ -z $replay ]] || options+=(--replay "$replay")
	[[ -z $demo ]] || options+=(--acked "$folder/acked")
	[[ $demo != throughput ]] || options+=(--connections 64)
	[[ $replay != - ]] || local input=/proc/$$/fd/0 # for start
	start load build/bin/weir-loadgen "${options[@]}"
}

row() {
	printf '  %-10s %-34s pid %s\n' "$@"
}

introduce() {
	local i id url
	say ""
	row redis "redis://127.0.0.1:$redis_port" "${pid_of[redis]}"
	for ((i = 1; i <= n_nodes; i++)); do
		row "n$i" "${admin_urls[i - 1]}" "${pid_of[n$i]}"
	done
	while IFS=$'\t' read -r id url; do
		row "$id" "$url" "${pid_of[$id]}"
	done < <(cluster | jq -r '.analyzers[] | [.id, .url] | @tsv')
	((!has_load)) || row load "${replay:-made up messages}" "${pid_of[load]}"
	cat <<-END

		  dashboard  ${admin_urls[0]}/
		  packets    http://127.0.0.1:$ingest_port/ingest (all nodes listen there)
		  logs       $folder
		  try        curl -i http://127.0.0.1:$ingest_port/ingest -d '{"messages":[{"msg":"hello"}]}'
		             curl -s ${admin_urls[0]}/v1/cluster | jq .
		             build/bin/weirctl --redis redis://127.0.0.1:$redis_port status
		             redis-cli -p $redis_port hgetall 'weir:{default}:routed'

	END
}

# ---- what is seen, and the verdict ----

n_lines=0

cluster() {
	curl -fs -m 2 "${admin_urls[0]}/v1/cluster"
}

# The table, on a terminal in the place of the last one.
show() {
	local table
	table=$(cluster | jq -r '
		(.analyzers[] | ["analyzer", .id, .weight, .share, .routed, .state, .health]),
		(.nodes[] | ["node", .id, .mode, (.unreachable | join(" "))]) | @tsv' |
		awk -v seconds="$((SECONDS - since))" -v now="$EPOCHREALTIME" -v last="$folder/last_counts" \
			-f scripts/cluster_table.awk)
	[[ ! -t 1 || $n_lines -eq 0 ]] || printf '\e[%dA\e[J' "$n_lines"
	printf '%s\n\n' "$table"
	n_lines=$(($(wc -l <<<"$table") + 1))
}

# Once a second, until the load has ended or the time is over; without either, until Ctrl-C.
watch() {
	since=$SECONDS
	printf 'time\t%s\n' "$EPOCHREALTIME" >"$folder/last_counts"
	while rest_a_second load timer; do
		show
	done
}

account() {
	cluster | jq -c --argjson load "$load" -f scripts/verdict.jq
}

# Ends with 0 or 1. What the analyzers processed is told by their next heartbeat.
judge() {
	local end=$((SECONDS + 10)) verdict
	load=null
	if ((has_load)); then
		load=$(grep '^{' "$folder/load.log") || died load
	fi
	until verdict=$(account) && jq -e .is_whole <<<"$verdict" >/dev/null || ((SECONDS > end)); do
		sleep 0.05
	done
	show
	jq -r .text <<<"$verdict"
	jq -e .is_ok <<<"$verdict" >/dev/null
}

# Load first, Redis last: each can still tell the next that it leaves.
on_exit() {
	local status=$?
	((BASHPID == $$)) || return # a child that was stopped before its exec
	trap '' INT TERM HUP
	stop_all load timer 'a*' 'n*' redis
	((status <= 128)) || say "" "stopped, nothing is left running"
	if ((status == 1)) && [[ -d $folder ]]; then
		say "the logs stay in $folder" >&2
	elif [[ -d $folder ]]; then
		rm -rf "$folder"
	fi
	exit "$status"
}

main() {
	parse_options "$@"
	trap on_exit EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	exec {lock}<up.sh # one at a time builds and looks for ports
	flock -n "$lock" || { say "waiting: another ./up.sh of this checkout is starting" && flock "$lock"; }
	install_packages build run
	build weir-node weir-analyzer weir-loadgen weirctl
	folder=$(mktemp -d "${TMPDIR:-/tmp}/weir-up.XXXXXX") || exit 1
	start_redis
	start_nodes
	start_analyzers
	exec {lock}<&-
	if ((has_load)); then
		start_load
	elif [[ -n $duration ]]; then
		start timer sleep "${duration/%ms/e-3}"
	fi
	introduce
	if [[ -n $demo ]]; then
		run_demo
		return
	fi
	watch
	judge
}

main "$@"
