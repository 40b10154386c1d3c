# What was routed between two looks. In: GET /v1/cluster; $before: the earlier look; $weights: those of a1, a2 and on.
# Out: {n, is_ok, text}. An analyzer may be off by 1 %, or by four packets of nine messages where they are few.
($weights | add) as $all
| [.analyzers[] | .id as $id
	| {id, share: ($weights[$id[1:] | tonumber - 1] / $all),
		n: (.routed - ([$before.analyzers[] | select(.id == $id) | .routed] | add // 0))}]
| (map(.n) | add // 0) as $n
| map(. + {got: (if $n > 0 then .n / $n else 0 end)})
| {$n, is_ok: ($n > 0 and all(.[]; (.got - .share | fabs) <= ([0.01, 36 / ([$n, 1] | max)] | max))),
	text: (map("\(.id) \(.got * 1000 | round / 10) % of \(.share * 1000 | round / 10) %") | join(", "))}
