// The page of one analyzer or one node, at a URL of its own: what is known of it, beside its chart and its events.

import { el, setText, setHidden, setAttr, field, linesIn } from './dom.js';
import { bytes, count, latency, percent, span, plural } from './format.js';
import { frameOf } from './shares.js';
import { troubleText } from './breakers.js';
import { makeDetails } from './details.js';
import { makeConfig } from './config.js';
import { get, onChange } from './state.js';
import { call, explain } from './api.js';

const LANES_MS = 2000; // between two questions for a node's lanes

const NODE_FACTS = [
	['Mode', (n) => n.mode],
	['Version', (n) => n.version ?? '–'],
	['Up for', (n) => span(n.uptime_s == null ? null : n.uptime_s * 1000)],
	['Workers', (n) => count(n.workers)],
	['Connections', (n) => count(n.connections)],
	['Memory', (n) => `${bytes(n.held_bytes)} of ${bytes(n.held_max_bytes)}`],
	['Redis', (n) => (n.redis ? `${latency(n.redis.round_trip_ms)}, ${plural(n.redis.up_workers, 'worker')} connected` : '–')],
	['Time to 202', (n) => `p50 ${latency(n.ack?.p50_ms)}, p99 ${latency(n.ack?.p99_ms)}`],
	['Deliveries', (n) => `p50 ${latency(n.p50_ms)}, p99 ${latency(n.p99_ms)}, ${percent(n.error_ratio)} failed`],
	['Refused', (n) => Object.entries(n.refused ?? {}).map(([reason, times]) => `${reason} ${count(times)}`).join(', ') || 'nothing'],
	['Cannot reach', (n) => n.unreachable?.join(', ') || 'reaches all'],
];

/** Breakers that are not closed: on which worker, to which analyzer. */
function breakersOf(analyzers, node) {
	return analyzers.flatMap((a) => (a.trouble ?? []).filter((t) => t.worker.startsWith(`${node}/`)).map((t) => `${a.id} ${troubleText(t)}`));
}

class NodeFacts {
	constructor() {
		this.config = makeConfig();
		this.facts = NODE_FACTS.map(([label, text]) => {
			const dd = el('dd');
			return { node: el('div', {}, el('dt', {}, label), dd), update: (n) => setText(dd, text(n)) };
		});
		this.lanes = el('ul', { 'data-field': 'lanes' });
		this.breakers = el('ul', { 'data-field': 'node-breakers' });
		[this.setLanes, this.setBreakers] = [linesIn(this.lanes), linesIn(this.breakers)];
		this.node = el('div', { class: 'details' }, el('dl', {}, ...this.facts.map((f) => f.node)),
			el('div', {}, el('h3', {}, 'Lanes'), this.lanes), el('div', {}, el('h3', {}, 'Breakers'), this.breakers),
			this.config.node);
		this.askedAt = -LANES_MS;
	}

	update(overview, n) {
		for (const fact of this.facts) fact.update(n);
		const open = breakersOf(overview.analyzers, n.id);
		this.setBreakers(open.length ? open : ['all are closed']);
		this.config.update(n.id, n.id === overview.node);
		if (performance.now() - this.askedAt >= LANES_MS) this.ask(n.id);
	}

	async ask(id) {
		this.askedAt = performance.now();
		try {
			const { json } = await call(`v1/nodes/${encodeURIComponent(id)}`);
			const lanes = json.lanes.map((lane) => `${lane.analyzer}: ${count(lane.queued_packets)} queued, ${count(lane.flying_batches)} in flight, ` +
				`p99 ${latency(lane.p99_ms)}, ${percent(lane.error_ratio)} failed`);
			this.setLanes(lanes.length ? lanes : ['nothing is queued or under way']);
		} catch (error) {
			this.setLanes([explain(error)]);
		}
	}
}

export class Subject {
	/** onControl(id): an analyzer is to be changed */
	constructor(onControl) {
		this.section = document.getElementById('subject');
		this.body = document.getElementById('subject-body');
		this.change = document.getElementById('subject-change');
		this.change.addEventListener('click', () => onControl(get('analyzer')));
		onChange(['analyzer', 'node'], () => this.begin());
		this.begin();
	}

	/** Of which the page is: { kind, id }, or null. */
	static now() {
		const kind = ['analyzer', 'node'].find((name) => get(name));
		return kind ? { kind, id: get(kind) } : null;
	}

	begin() {
		const now = Subject.now();
		setAttr(document.body, 'data-subject', now?.kind ?? null);
		setHidden(this.section, !now);
		setHidden(this.change, now?.kind !== 'analyzer');
		if (now) setText(field('subject'), `${now.kind === 'node' ? 'Node' : 'Analyzer'} ${now.id}`);
		this.shown = now?.kind === 'node' ? new NodeFacts() : now ? makeDetails('div') : null;
		this.body.replaceChildren(...(now ? [this.shown.node] : []));
		if (this.overview) this.update(this.overview);
	}

	update(overview) {
		const now = Subject.now();
		this.overview = overview;
		if (!now) return;
		const found = overview[`${now.kind}s`].find(({ id }) => id === now.id);
		setHidden(document.getElementById('subject-gone'), Boolean(found));
		setHidden(this.body, !found);
		if (!found) return;
		if (now.kind === 'node') this.shown.update(overview, found);
		else this.shown.update(found, frameOf(overview));
	}
}
