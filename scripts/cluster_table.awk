# The table of ./up.sh. In: a line for each analyzer (id, weight, share, messages, state, health), then one
# for each node (id, mode, what it cannot reach). The caller says how many `seconds` it has been running and
# what time it is `now`; the file `last` holds the time and the counts of the last table.
BEGIN {
	FS = "\t"
	while ((getline line < last) > 0) {
		split(line, part, "\t")
		before[part[1]] = part[2]
	}
	close(last)
}

$1 == "analyzer" {
	id[++n] = $2
	weight[n] = $3
	share[n] = $4
	messages[n] = $5
	note[n] = ($6 == "active" ? "" : "  " $6) ($7 == "up" ? "" : "  " $7)
	total += $5
}

$1 == "node" {
	nodes = nodes (nodes == "" ? "" : ", ") $2 " " $3 ($4 == "" ? "" : " cannot reach " $4)
}

# Digits in groups of three.
function grouped(number,    text, groups) {
	text = sprintf("%d", number)
	for (groups = ""; length(text) > 3; text = substr(text, 1, length(text) - 3))
		groups = "," substr(text, length(text) - 2) groups
	return text groups
}

function rate(name, count) {
	return grouped(now > before["time"] ? (count - before[name]) / (now - before["time"]) + 0.5 : 0)
}

END {
	printf "  %-12s %8s %10s %10s %10s %14s %10s\n", "after " seconds " s", "weight", "target", "actual", "error",
	       "messages", "a second"
	printf "time\t%.3f\n", now > last
	for (i = 1; i <= n; i++) {
		actual = total ? messages[i] / total : 0
		error = sprintf("%+.2f", total ? 100 * (actual - share[i]) : 0)
		sub(/^-0.00$/, "+0.00", error)
		printf "  %-12s %8s %8.2f %% %8.2f %% %8s %% %14s %10s%s\n", id[i], weight[i], 100 * share[i], 100 * actual,
		       error, grouped(messages[i]), rate(id[i], messages[i]), note[i]
		printf "%s\t%d\n", id[i], messages[i] > last
	}
	printf "  %-12s %8s %10s %10s %10s %14s %10s\n", "all", "", "", "", "", grouped(total), rate("all", total)
	printf "all\t%d\n", total > last
	print "  nodes: " nodes
}
