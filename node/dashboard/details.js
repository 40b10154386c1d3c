// What an opened row of the table of analyzers says besides.

import { el, setText, linesIn } from './dom.js';
import { count, latency, percent, plural, signed, span, timeOfDay, weight } from './format.js';
import { breakersText, troubleText } from './breakers.js';

const FACTS = [
	['URL', 'url', (a) => a.url],
	['Weight', 'weight-all', (a) => `${weight(a.weight)}, ${a.state}${a.fault ? `, simulates ${a.fault}` : ''}`],
	['Lanes', 'lanes', (a) => `${plural(a.queued_packets ?? 0, 'packet')} queued, ${plural(a.flying_batches ?? 0, 'batch', 'batches')} in flight`],
	['Latency', 'latency', (a) => `p50 ${latency(a.p50_ms)}, p99 ${latency(a.p99_ms)}, ${percent(a.error_ratio)} failed`],
	['Last check', 'checked', ({ check }) => (check?.checked_ms ? timeOfDay(check.checked_ms) : 'unknown')],
	['Last change', 'changed', ({ check }) => (check?.change_ms ? `${timeOfDay(check.change_ms)}${check.since_ms ? `, in trouble since ${timeOfDay(check.since_ms)}` : ''}` : 'none since the nodes started')],
	['Out of reach', 'down-for', ({ check }) => `${span((check?.down_s ?? 0) * 1000)} in all`],
	['Last error', 'last-error', ({ check }) => (check?.error ? `${check.error}, at ${timeOfDay(check.error_ms)}` : 'none')],
	['Takes', 'accepts', (a) => ({ packet: 'one packet at a time', request: 'each request as it came' }[a.accepts] ?? 'batches of packets')],
	['Headers', 'headers', (a) => a.headers?.length ? `${a.headers.join(', ')} (values are hidden)` : a.source === 'registered' ? 'none' : 'those that each node has in its own lists'],
	['Packed by', 'encoding', (a) => a.encoding === 'gzip' ? 'gzip' : 'nothing'],
	['Comes from', 'source', (a) => ({ registered: 'itself: it registered', static: 'the options of the nodes' })[a.source] ?? a.source],
	['Lease', 'ttl', (a) => `${span(a.ttl_ms)}, renewed ${a.heartbeat_age_ms == null ? 'at a time unknown' : `${span(a.heartbeat_age_ms)} ago`}`],
	['Routed', 'routed', (a) => `${count(a.routed)} messages`],
	['Delivered', 'delivered', (a) => `${count(a.delivered)} messages in ${count(a.delivered_packets)} packets`],
	['Processed', 'processed', (a) => `${count(a.processed)} messages, by its own count`],
	['Owed', 'credit', (a) => `${signed(a.credit)} messages`],
	['Forgiven', 'forgiven', (a) => `${count(a.forgiven)} messages`],
	['Breakers', 'breakers-all', (a) => breakersText(a.breakers)],
	['Revision', 'revision', (a) => count(a.revision)],
];

/** tag: of its element, in a table a cell. */
export function makeDetails(tag = 'td') {
	const facts = FACTS.map(([label, name, text]) => {
		const dd = el('dd', { 'data-field': name });
		return { node: el('div', {}, el('dt', {}, label), dd), update: (a) => setText(dd, text(a)) };
	});
	const windows = el('ul');
	const trouble = el('ul', { 'data-field': 'trouble-all' });
	const [setWindows, setTrouble] = [linesIn(windows), linesIn(trouble)];
	const node = el(tag, { role: tag === 'td' ? 'cell' : null, class: 'details' }, el('dl', {}, ...facts.map((f) => f.node)), windows, trouble);

	function update(a, frames) {
		for (const fact of facts) fact.update(a);
		setWindows(frames.map((frame) => {
			const w = frame.of(a);
			return `${frame.title}: got ${percent(w.actual)} of ${percent(w.share)}, ${signed(w.error_messages)} of ${count(frame.messages)} messages`;
		}));
		setTrouble((a.trouble ?? []).map(troubleText));
	}
	return { node, update };
}
