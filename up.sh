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
		  --help                this text
	END
}

from=$PWD
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1
. scripts/shell.sh

# ---- the command line ----

duration='' n_nodes=3 weights=0.5,0.3,0.2 rate=1000 replay='' has_load=1

check_options() {
	local number='[0-9]{1,7}(\.[0-9]{1,9})?'
	[[ -z $duration || $duration =~ ^0*[1-9][0-9]{0,6}(ms|s|m|h)?$ ]] ||
		usage_error "--for wants a time such as 10s or 2m, not '$duration'"
	[[ $n_nodes =~ ^[1-9][0-9]?$ && $n_nodes -le 50 ]] || usage_error "--nodes wants 1 to 50, not '$n_nodes'"
	[[ $rate =~ ^$number$ ]] || usage_error "--rate wants packets a second, not '$rate'"
	[[ $weights =~ ^$number(,$number){0,49}$ ]] ||
		usage_error "--analyzers wants weights such as 0.5,0.3,0.2, at most 50, not '$weights'"
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
		--for | --nodes | --analyzers | --rate | --replay)
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
		*) usage_error "unknown option '$option'" ;;
		esac
		[[ -n $value ]] || usage_error "$option wants a value"
	done
	check_options
}

# ---- processes ----

declare -A pid_of=() # of what runs
started=()           # names, in order of their start
folder=''
tick=''

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches this script alone, which ends
# them in order; should the script be killed, the kernel ends them.
start() {
	local name=$1
	shift
	setsid setpriv --pdeathsig TERM "$@" <"${input:-/dev/null}" >"$folder/$name.log" 2>&1 {lock}>&- &
	pid_of[$name]=$!
	started+=("$name")
}

is_running() {
	kill -0 "${pid_of[$1]}" 2>/dev/null
}

# stop NAME...: all at once, those that do not end within 10 s by force.
stop() {
	local name tries
	for name in "$@"; do
		kill -TERM "${pid_of[$name]}" 2>/dev/null
	done
	for name in "$@"; do
		for ((tries = 0; tries < 200; tries++)); do
			is_running "$name" || break
			sleep 0.05
		done
		kill -KILL "${pid_of[$name]}" 2>/dev/null && say "$name did not end: killed" >&2
		wait "${pid_of[$name]}" 2>/dev/null
		unset "pid_of[$name]"
	done
}

# names PATTERN: of what runs.
names() {
	local name
	for name in "${started[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $name != $1 || -z ${pid_of[$name]:-} ]] || printf '%s\n' "$name"
	done
}

# Load first, Redis last: each can still tell the next that it leaves.
stop_all() {
	local pattern
	[[ -z $tick ]] || kill "$tick" 2>/dev/null
	for pattern in load timer 'a*' 'n*' redis; do
		# shellcheck disable=SC2046 # one word for each name
		stop $(names "$pattern")
	done
}

on_exit() {
	local status=$?
	trap '' INT TERM HUP
	stop_all
	((status <= 128)) || say "" "stopped, nothing is left running"
	if ((status == 1)) && [[ -d $folder ]]; then
		say "the logs stay in $folder" >&2
	elif [[ -d $folder ]]; then
		rm -rf "$folder"
	fi
	exit "$status"
}

# died NAME: by itself.
died() {
	{
		say "" "$1 has ended by itself; the end of its log:"
		tail -n 15 "$folder/$1.log"
	} >&2
	exit 1
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1)) what=$2 name
	shift 2
	until "$@"; do
		for name in "${started[@]}"; do
			is_running "$name" || died "$name"
		done
		((SECONDS <= end)) || die "gave up waiting: $what"
		sleep 0.02
	done
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

# Each registers with another node first.
start_analyzers() {
	local i first urls url
	for ((i = 0; i < ${#weight_of[@]}; i++)); do
		first=$((i % n_nodes))
		urls=("${admin_urls[@]:first}" "${admin_urls[@]:0:first}")
		start "a$((i + 1))" build/bin/weir-analyzer --id "a$((i + 1))" --weight "${weight_of[i]}" \
			--listen 127.0.0.1:0 --register "$(IFS=,; printf '%s' "${urls[*]}")"
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
	[[ $replay != - ]] || local input=/proc/$$/fd/0
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

# died_pid PID: which one it was.
died_pid() {
	local name
	for name in "${!pid_of[@]}"; do
		[[ ${pid_of[$name]} != "$1" ]] || died "$name"
	done
}

# Once a second, until the load has ended or the time is over.
watch() {
	local ended
	since=$SECONDS
	printf 'time\t%s\n' "$EPOCHREALTIME" >"$folder/last_counts"
	while :; do
		sleep 1 &
		tick=$!
		wait -n -p ended "$tick" "${pid_of[@]}" 2>/dev/null
		if [[ $ended == "${pid_of[load]:-}" || $ended == "${pid_of[timer]:-}" ]]; then
			break
		fi
		[[ $ended == "$tick" ]] || died_pid "$ended"
		show
	done
	kill "$tick" 2>/dev/null
}

# What was counted from end to end: one line of JSON.
account() {
	cluster | jq -c --argjson load "$load" '
		def sum(f): map(f) | add // 0;
		{sent: $load.sent.messages, accepted: $load.accepted.messages, packets: $load.sent.packets} as $sent
		| (.analyzers | sum(.routed)) as $routed
		| (if $sent.sent then $sent else {sent: $routed, accepted: $routed, packets: .totals.packets} end)
		+ {routed: $routed, delivered: (.analyzers | sum(.delivered)), processed: (.analyzers | sum(.processed)),
		   worst: (if $routed == 0 then {error: 0, id: "no messages"} else .analyzers
			| map({id, error: (100 * (.routed / $routed - .share) | fabs)}) | max_by(.error) end)}'
}

is_settled() {
	account | jq -e '.processed as $n | [.accepted, .routed, .delivered] | all(. == $n)' >/dev/null
}

# Ends with 0 or 1. What the analyzers processed is told by their next heartbeat.
judge() {
	local end=$((SECONDS + 10))
	load=null
	if ((has_load)); then
		load=$(grep '^{' "$folder/load.log") || died load
	fi
	until is_settled || ((SECONDS > end)); do
		sleep 0.05
	done
	show
	account | jq -r --argjson has_load "$has_load" '
		.processed as $n | ([.sent, .accepted, .routed, .delivered] | all(. == $n)) as $whole
		| ([0.2, 900 / ([.routed, 1] | max)] | max) as $limit # or a packet, where they are few
		| if $n == 0 and $has_load == 0 then "  nothing was sent" else
		  "  \(.packets) packets: sent \(.sent), accepted \(.accepted), routed \(.routed), delivered \(.delivered), "
			+ "processed \(.processed) messages",
		  "  worst share error: \(.worst.error * 1000 | round / 1000) % (\(.worst.id)), allowed: \($limit * 1000 | round / 1000) %"
		  end,
		  if ($whole | not) then "  verdict: NOT OK, not all arrived, or some twice"
		  elif .worst.error > $limit then "  verdict: NOT OK, the shares are off"
		  elif .sent == 0 and $has_load == 1 then "  verdict: NOT OK, nothing was sent"
		  else "  verdict: ok, nothing lost" end' | tee "$folder/verdict"
	grep -q 'verdict: ok' "$folder/verdict"
}

main() {
	parse_options "$@"
	trap on_exit EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	exec {lock}<up.sh
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
	watch
	judge
}

main "$@"
