# shellcheck shell=bash disable=SC2034,SC2154
# What ./up.sh --demo shows: a story in three parts with real processes, and a verdict. The functions and
# variables of up.sh are there.

demos='weights failover throughput spill'
broken=() # why the claim does not hold

# seconds_of TIME: in whole seconds.
seconds_of() {
	case $1 in
	*ms) printf '%d' $((10#${1%ms} / 1000)) ;;
	*m) printf '%d' $((10#${1%m} * 60)) ;;
	*h) printf '%d' $((10#${1%h} * 3600)) ;;
	*) printf '%d' $((10#${1%s})) ;;
	esac
}

# A line of the story, with its minute and second.
tell() {
	printf '\n%d:%02d  %s\n' $(((SECONDS - since) / 60)) $(((SECONDS - since) % 60)) "$*"
	n_lines=0 # the next table does not take the place of the last
}

# part: a third of the time, from now on: what came before it may have taken long. On a terminal the table lives meanwhile.
part() {
	local end=$((SECONDS + total / 3))
	while ((SECONDS < end)); do
		rest_a_second
		[[ ! -t 1 ]] || show
	done
	[[ -t 1 ]] || show
}

# claim WHAT COMMAND...: part of the verdict.
claim() {
	local what=$1
	shift
	if "$@"; then
		say "  holds: $what"
	else
		say "  DOES NOT HOLD: $what"
		broken+=("$what")
	fi
}

# It has no end of its own, as nobody knows how long the parts take.
end_of_load() {
	retire load INT
	load=$(grep '^{' "$folder/load.log") || died load
}

nobody_was_refused() {
	jq -e '.accepted.packets > 0 and .sent.packets == .accepted.packets' <<<"$load" >/dev/null
}

# Each packet that was acknowledged is in what some analyzer recorded.
all_is_recorded() {
	local missing
	missing=$(comm -23 <(sort -u "$folder/acked") <(grep -oh '"id":"[^"]*"' "$folder"/*.record | cut -d '"' -f 4 | sort -u) | wc -l)
	((missing == 0))
}

nothing_waits() {
	cluster | jq -e '.spill.packets == 0' >/dev/null
}

waits_for_analyzers() {
	cluster | jq -e '.spill.packets > 0' >/dev/null
}

# shares_since LOOK WEIGHTS: prints them, fails where one is off.
shares_since() {
	local result
	result=$(cluster | jq -c --argjson before "$1" --argjson weights "[$2]" -f scripts/demo.jq) || return 1
	say "  $(jq -r '"\(.n) messages: \(.text)"' <<<"$result")"
	jq -e .is_ok <<<"$result" >/dev/null
}

# metric ADMIN_URL NAME: the sum of its series.
metric() {
	curl -fs -m 2 "$1/metrics" | awk -v name="$2" '{ sub(/\{.*\}/, "", $1) } $1 == name { n += $2 } END { printf "%.0f\n", n }'
}

knows_epoch() {
	(($(metric "$1" weir_pool_epoch) >= $2))
}

has_counted() {
	cluster | jq -e --argjson n "$1" '[.analyzers[].routed] | add >= $n' >/dev/null
}

# set_weight WEIGHT: of a1. Returns when all nodes divide by it, and Redis has counted what they routed before.
set_weight() {
	local url epoch routed=0
	curl -fs -m 5 -o /dev/null -X PATCH "${admin_urls[0]}/v1/analyzers/a1" -d "{\"weight\":$1}" || die "the weight was not changed"
	epoch=$(cluster | jq .epoch)
	for url in "${admin_urls[@]}"; do
		settles knows_epoch "$url" "$epoch" || die "a node does not know the new weight"
		((routed += $(metric "$url" weir_routed_messages_total)))
	done
	settles has_counted "$routed" || die "Redis has not counted what nodes routed"
}

# ---- the four of them ----

demo_weights() {
	local look weight first_ok=1 second_ok=1

	((${#weight_of[@]} > 1)) || die "--demo weights needs two analyzers at least"
	tell "Messages are divided over ${#weight_of[@]} analyzers by their weights, $weights."
	look=$(cluster)
	part
	shares_since "$look" "$weights" || first_ok=0
	weight=$(jq -n "${weight_of[0]} * 3")
	tell "a1 gets three times its weight: $weight. It takes effect at once, on all $n_nodes nodes."
	set_weight "$weight"
	look=$(cluster)
	part
	shares_since "$look" "$weight,${weights#*,}" || second_ok=0
	tell "a1 has its old weight again, ${weight_of[0]}."
	set_weight "${weight_of[0]}"
	look=$(cluster)
	part
	end_of_load
	tell "The verdict:"
	claim "the shares were those of the weights" test "$first_ok" = 1
	claim "and those of the new weights after the change" test "$second_ok" = 1
	claim "and the old ones again in the end" shares_since "$look" "$weights"
	claim "no packet was refused" nobody_was_refused
}

demo_failover() {
	tell "Agents send to $n_nodes nodes. Each packet is acknowledged when an analyzer has it."
	part
	tell "a1 is killed (kill -9). What was on its way goes to the others."
	retire a1 KILL
	part
	tell "a1 is started again, and registers itself."
	start_analyzer 0
	part
	end_of_load
	tell "The verdict:"
	claim "no agent was refused, and none had to repeat a packet" nobody_was_refused
	claim "each acknowledged packet is in an analyzer's record" settles all_is_recorded
	claim "a1 gets messages again" knows_all "${admin_urls[0]}"
}

demo_throughput() {
	local i
	tell "64 agents send as fast as they get their answers."
	for i in 1 2 3; do
		part
		tell "Part $i of 3: $(cluster | jq -r '[.analyzers[].routed] | add') messages so far."
	done
	end_of_load
	tell "$(jq -r '"\(.rate.packets_per_s | round) packets and \(.rate.messages_per_s | round) messages a second; half of them took \(.latency_us.p50) us, 99 of 100 at most \(.latency_us.p99) us."' <<<"$load")"
	tell "The verdict:"
	claim "no packet was refused" nobody_was_refused
	claim "all that was accepted arrived once, and the shares are right" settles is_account_ok
}

demo_spill() {
	local i name used=0 names=()
	tell "Agents send, and analyzers take it."
	part
	tell "All analyzers are killed (kill -9). Packets wait in Redis, and agents still get their 202."
	for ((i = 0; i < ${#weight_of[@]}; i++)); do names+=("a$((i + 1))"); done
	for name in "${names[@]}"; do retire "$name" KILL; done
	part
	waits_for_analyzers && used=1
	tell "$(cluster | jq -r .spill.packets) packets wait. The analyzers are started again."
	for ((i = 0; i < ${#weight_of[@]}; i++)); do start_analyzer "$i"; done
	part
	end_of_load
	tell "The verdict:"
	claim "packets waited in the spill while there was no analyzer" test "$used" = 1
	claim "no agent was refused" nobody_was_refused
	claim "the spill is empty again" settles nothing_waits
	claim "each acknowledged packet is in an analyzer's record" settles all_is_recorded
}

is_account_ok() {
	account | jq -e .is_ok >/dev/null
}

# settles COMMAND...: within 30 s.
settles() {
	local end=$((SECONDS + 30))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

run_demo() {
	since=$SECONDS
	printf 'time\t%s\n' "$EPOCHREALTIME" >"$folder/last_counts"
	"demo_$demo"
	if ((${#broken[@]})); then
		say "  verdict of --demo $demo: NOT OK"
		return 1
	fi
	say "  verdict of --demo $demo: ok"
}
