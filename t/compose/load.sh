# shellcheck shell=bash disable=SC2154
# Load from this machine through the balancer ($ingest), and what became of each packet. $folder, $records.

loadgen=${WEIR_BIN:-$PWD/build/bin}/weir-loadgen
loads=0
load_pid=''

# Goes on until load_stop.
load_start() {
	loads=$((loads + 1))
	"$loadgen" --target "http://$ingest" --rate 400 --duration 0 --connections 64 --timeout 20s --json \
		--id-prefix "load$loads" --acked "$folder/load$loads.acked" >"$folder/load$loads.json" </dev/null &
	load_pid=$!
}

load_stop() {
	[[ -n $load_pid ]] || return 0
	kill -INT "$load_pid" 2>/dev/null || true
	wait "$load_pid" || true # its report tells
	load_pid=''
}

# load_ended_well [killed]: each request was answered with 202, and each packet that was acknowledged is in the record
# of an analyzer. Where a node was "killed", what it had is answered 503, or the balancer closes the connection.
load_ended_well() {
	local report=$folder/load$loads.json may_fail=${1:-none}
	jq -c '{sent, accepted, refused, failed, dropped, latency_us}' "$report"
	jq -e --arg may_fail "$may_fail" '.sent.packets >= 100 and .dropped == 0 and
		.accepted.packets + .refused.packets + .failed.packets == .sent.packets and
		if $may_fail == "killed" then
			.refused.packets == (.refused.by_status."503" // 0) and .failed.packets == (.failed.by_reason.closed // 0)
		else
			.refused.packets == 0 and .failed.packets == 0 and .reconnects == 0
		end' "$report" || { compose logs --no-color lb | grep -E ' 50[0-9] [0-9]+ |is (UP|DOWN)' | tail -n 20 && return 1; }
	wait_until 10 none_is_lost
}

none_is_lost() {
	local lost
	lost=$(comm -23 <(sort "$folder/load$loads.acked") <(recorded "load$loads" | sort -u) | wc -l)
	echo "$lost packets were acknowledged and are in no record"
	((lost == 0))
}

# recorded PREFIX: ids of packets in the records; one that is there twice was a duplicate.
recorded() {
	cat "$records"/* | grep -o "^{\"id\":\"$1-[0-9]*\"" | cut -d '"' -f 4
}

# What it is worth saying about a load that ended.
load_summary() {
	local report=$folder/load$loads.json
	jq -r '"\(.accepted.packets) packets accepted, \(.refused.packets) refused, \(.failed.packets) failed; " +
		"the slowest took \(.latency_us.max / 1000 | round) ms"' "$report"
	say "$(recorded "load$loads" | sort | uniq -d | wc -l) of them are recorded twice"
}

# send_and_verify COUNT: shares within 0.5 %, nothing lost.
send_and_verify() {
	loads=$((loads + 1))
	"$loadgen" --target "http://$ingest" --count "$1" --rate 1000 --messages 1-9 --verify "http://$admin" \
		--tolerance 0.5 --id-prefix "load$loads" --acked "$folder/load$loads.acked" </dev/null >"$folder/verdict" ||
		{ cat "$folder/verdict" && return 1; }
	(($(wc -l <"$folder/load$loads.acked") == $1)) && wait_until 10 none_is_lost
}
