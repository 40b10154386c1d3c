// What can be said of shares without drawing anything: windows of time, errors that matter, and what
// another weight would lead to.

/** The bars of an analyzer, in the order of the columns. */
export const WINDOWS = [
	{ name: '10s', seconds: 10, title: '10 s' },
	{ name: '1m', seconds: 60, title: '1 min' },
	{ name: '10m', seconds: 600, title: '10 min' },
	{ name: 'all', seconds: null, title: 'since start' },
];

const OFF_PART = 0.05;  // of what it should have got
const OFF_PACKETS = 5;  // an error of so few is how packets fall

const dueOf = (a) => (a.routed ?? 0) + (a.credit ?? 0) + (a.forgiven ?? 0);

/** Since start: what it got, is owed and was forgiven is what it should have got; all have the same sum to divide. */
function sinceStart(a, routed, due) {
	if (!routed) return { share: null, actual: null, error_messages: null, messages: 0 };
	const share = due > 0 ? Math.max(0, dueOf(a)) / due : null;
	return { share, actual: a.routed / routed, error_messages: share === null ? null : a.routed - share * routed, messages: a.routed };
}

/** Of an overview: what the windows of all analyzers have in common. */
export function frameOf(overview) {
	const { analyzers } = overview;
	const routed = analyzers.reduce((sum, a) => sum + (a.routed ?? 0), 0);
	const due = analyzers.reduce((sum, a) => sum + Math.max(0, dueOf(a)), 0);
	const { packets = 0, messages = 0 } = overview.totals ?? {};
	return WINDOWS.map(({ seconds }, i) => {
		const all = seconds ? (overview.windows ?? []).find((w) => w.seconds === seconds) : { packets, messages: routed };
		const of = (a) => (seconds ? (a.windows ?? []).find((w) => w.seconds === seconds) : sinceStart(a, routed, due))
			?? { share: null, actual: null, error_messages: null, messages: 0 };
		const scale = analyzers.reduce((max, a) => Math.max(max, of(a).share ?? 0, of(a).actual ?? 0, a.share ?? 0), 0);
		const packet = all?.packets ? all.messages / all.packets : messages / Math.max(1, packets);
		return { ...WINDOWS[i], of, scale: scale * 1.06 || 1, messages: all?.messages ?? 0, packet };
	});
}

/** Whether the error is more than how packets happen to fall: -1 too little, 1 too much, else 0. */
export function offBy(frame, window) {
	const error = window.error_messages;
	if (error == null || window.share == null) return 0;
	if (Math.abs(error) <= OFF_PACKETS * Math.max(1, frame.packet)) return 0;
	if (Math.abs(error) <= OFF_PART * window.share * frame.messages) return 0;
	return Math.sign(error);
}

/** Whether it gets anything, going by what the nodes gave it last. */
export function isEligible(a) {
	return a.state === 'active' && a.health !== 'down' && !(a.held_back_ms > 0);
}

/** Shares by id if one of them had another weight: w / sum of w, equal where all weights are 0. */
export function sharesWith(analyzers, id, weight) {
	const eligible = analyzers.filter(isEligible);
	const weightOf = (a) => (a.id === id ? weight : a.weight);
	const sum = eligible.reduce((s, a) => s + weightOf(a), 0);
	const shares = new Map(analyzers.map((a) => [a.id, 0]));
	for (const a of eligible) shares.set(a.id, sum > 0 ? weightOf(a) / sum : 1 / eligible.length);
	return shares;
}

/** What makes an analyzer worth a look: '' or a word for its row. */
export function troubleOf(a) {
	if (a.health === 'down') return 'down';
	if (a.breakers?.open || a.breakers?.half_open || a.breakers?.hanging) return 'breaker';
	if (a.health === 'suspect') return 'suspect';
	if (a.paused_workers > 0 || a.slow_workers > 0 || a.held_back_ms > 0) return 'held';
	return a.trouble?.length ? 'failing' : '';
}
