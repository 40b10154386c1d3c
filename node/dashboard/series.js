// What charts are made of: points of time, from the history of a node and from overviews since then.
//
//   { at, packets, refused, ack, by: Map of id -> { rate, p99, error } }   null: not known

const POINT_MS = 950;
const SPAN_MS = 600000;
const GAP_MS = 6000; // without overviews for so long, nothing is said of the time between

const grownBy = (a, was, name, ms) => Math.max(0, (a[name] ?? 0) - (was?.[name] ?? a[name] ?? 0)) * 1000 / ms;

export class Series {
	constructor() {
		this.points = [];
		this.last = null; // the overview that the newest point ended with
		this.nodes = [];  // { at, by: Map of node -> { rate, p99, error } }, since the page was opened
	}

	/** The body of /v1/history; what is shorter than a second goes without, as its rates say little. */
	load({ times_ms: times, packets_per_s: packets, refused_per_s: refused, ack_p99_ms: ack, analyzers }) {
		this.points = [];
		this.last = null;
		for (let i = 0; i + 1 < times.length; i++) {
			if (times[i + 1] - times[i] < POINT_MS) continue;
			this.points.push({
				at: times[i + 1], packets: packets[i], refused: refused[i], ack: ack[i],
				by: new Map(analyzers.map((a) => [a.id, { rate: a.messages_per_s[i], p99: a.p99_ms[i], error: a.error_ratio[i] }])),
			});
		}
	}

	/** Whether there is a new point, which is at least so long after the one before. */
	add(overview, leastMs) {
		const before = this.last;
		const ms = before ? overview.now_ms - before.now_ms : 0;
		if (before && ms < leastMs * 0.9) return false;
		this.last = overview;
		if (!before || ms > GAP_MS) return false;
		const was = new Map(before.analyzers.map((a) => [a.id, a]));
		this.points.push({
			at: overview.now_ms, refused: overview.refused_per_s, ack: overview.ack?.p99_ms ?? null,
			packets: overview.analyzers.reduce((sum, a) => sum + grownBy(a, was.get(a.id), 'delivered_packets', ms), 0),
			by: new Map(overview.analyzers.map((a) =>
				[a.id, { rate: grownBy(a, was.get(a.id), 'routed', ms), p99: a.p99_ms, error: a.error_ratio }])),
		});
		while (this.points[0].at < overview.now_ms - SPAN_MS) this.points.shift();
		return true;
	}

	addNodes({ now_ms: at, nodes }, leastMs) {
		if (at - (this.nodes.at(-1)?.at ?? -Infinity) < leastMs * 0.9) return;
		this.nodes.push({ at, by: new Map(nodes.map((n) => [n.id, { rate: n.messages_per_s, p99: n.p99_ms, error: n.error_ratio }])) });
		while (this.nodes[0].at < at - SPAN_MS) this.nodes.shift();
	}
}
