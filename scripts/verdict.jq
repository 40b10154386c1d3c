# The verdict of ./up.sh. In: GET /v1/cluster; $load: the report of weir-loadgen, or null where there was none.
# Out: {is_whole, is_ok, text}
def sum(f): map(f) | add // 0;
def rounded: . * 1000 | round / 1000;

.totals.packets as $packets
| .analyzers
| sum(.routed) as $routed | sum(.delivered) as $delivered | sum(.processed) as $processed
| ($load.sent // {packets: $packets, messages: $routed}) as $sent
| ($load.accepted // $sent) as $accepted
| ([$sent.messages, $accepted.messages, $routed, $delivered] | all(. == $processed)) as $is_whole
| (map({id, error: (100 * (.routed / ([$routed, 1] | max) - .share) | fabs)}) | max_by(.error)) as $worst
| ([0.2, 900 / ([$routed, 1] | max)] | max) as $limit # or one packet, where they are few
| (if $is_whole | not then "NOT OK, not all arrived, or some twice"
   elif $routed == 0 then if $load then "NOT OK, nothing was sent" else "ok, nothing was sent" end
   elif $worst.error > $limit then "NOT OK, the shares are off"
   else "ok, nothing lost" end) as $verdict
| {$is_whole, is_ok: ($verdict | startswith("ok")), text: [
	"  \($sent.packets) packets: sent \($sent.messages), accepted \($accepted.messages), routed \($routed), "
		+ "delivered \($delivered), processed \($processed) messages",
	(select($routed > 0) | "  worst share error: \($worst.error | rounded) % (\($worst.id)), allowed: \($limit | rounded) %"),
	"  verdict: \($verdict)"] | join("\n")}
