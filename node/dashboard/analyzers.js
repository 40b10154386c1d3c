// The table of analyzers: a row for each, kept for as long as it is there.

import { el, setText, setAttr, setHidden, field, linesIn, KeyedList } from './dom.js';
import { count, rate, percent, failed, latency, span, weight, plural } from './format.js';
import { drawBar, Bar } from './bars.js';
import { WINDOWS, frameOf, offBy, troubleOf } from './shares.js';
import { drawHead, orderOf } from './heads.js';
import { get, set, linkTo, onChange } from './state.js';
import { breakersText, troubleText } from './breakers.js';
import { makeDetails } from './details.js';
import { LateRows } from './late.js';

const MANY = 20;          // from here on a filter is offered
const TROUBLE_SHOWN = 2;  // lines in a row; the rest is in its details
const ORDER_MS = 5000;    // rows do not jump more often

// Nothing is queued for it, or on its way to it, at any node.
function stateText(a) {
	if (a.state === 'draining' && a.queued_packets === 0 && a.flying_batches === 0) return '▽ drained: may be stopped';
	return STATES[a.state] || a.state;
}

const STATES = { active: '', draining: '▽ draining', disabled: '⊘ disabled' };
const HEALTH = { up: '● up', suspect: '◐ suspect', down: '○ down' };

/** A cell; it has its label for where there is no head of a column. */
function cell(label, className, ...children) {
	return el('td', { role: 'cell', class: className, 'data-label': label }, ...children);
}

const value = (name, attributes = {}) => el('span', { 'data-field': name, ...attributes });
const second = (name) => value(name, { class: 'quiet second' });

/** A row without an analyzer, of which others are copies: that is much faster than making each. */
function drawRow() {
	const name = el('th', { role: 'rowheader', scope: 'row', class: 'name' },
		el('button', { type: 'button', class: 'more', 'aria-expanded': 'false' }, '▸'),
		el('b', {}, el('a', { 'data-field': 'id', 'data-go': true })), value('state', { class: 'chip state' }), value('fault', { class: 'chip fault' }),
		el('span', { class: 'quiet sub' }, value('health'), ' · ', value('heartbeat'), ' · ', value('version')));
	return el('tr', { role: 'row' }, name,
		cell('Weight, target', 'weight', value('weight'), second('share')),
		cell('Got', 'window', drawBar(WINDOWS[0].name)),
		cell('Messages/s', 'right rate', value('rate')),
		cell('Queued, in flight', 'right lane', value('queued'), el('span', { class: 'quiet' }, ' + '), value('flying')),
		cell('p50, p99', 'right latency', value('p50'), second('p99')),
		cell('Failed', 'right failed', value('failed')),
		cell('Breakers', 'breakers', value('breakers'), el('ul', { class: 'trouble', 'data-field': 'trouble' })),
		el('td', { role: 'cell', class: 'act' }, el('button', { type: 'button', class: 'change', 'data-action': 'change' }, 'Change…')));
}

class Row {
	constructor(id, model, onControl) {
		this.id = id;
		this.node = model.cloneNode(true);
		this.node.dataset.analyzer = id;
		this.values = Object.fromEntries([...this.node.querySelectorAll('[data-field]')].map((n) => [n.dataset.field, n]));
		this.bar = new Bar(this.node.querySelector('.share'), WINDOWS[0].name);
		this.setTrouble = linesIn(this.values.trouble);
		this.details = null;
		this.more = this.node.querySelector('.more');
		this.more.addEventListener('click', () => this.toggle());
		const change = this.node.querySelector('.change');
		change.addEventListener('click', () => onControl(id));
		setText(this.values.id, id);
		setAttr(this.values.id, 'href', linkTo({ analyzer: id, node: '' }));
		setAttr(this.more, 'aria-label', `Details of ${id}`);
		setAttr(change, 'aria-label', `Change ${id}`);
	}

	toggle() {
		this.details ??= makeDetails();
		const open = this.more.getAttribute('aria-expanded') !== 'true';
		this.more.setAttribute('aria-expanded', open);
		if (open) this.node.append(this.details.node);
		else this.details.node.remove();
		if (open) this.details.update(this.last, this.frames);
	}

	/** What write() is to show. */
	update(a, frames) {
		this.last = a;
		this.frames = frames;
	}

	write() {
		const { values: v, last: a, frames } = this;
		setText(v.state, stateText(a));
		setAttr(v.state, 'data-value', a.state);
		setText(v.health, HEALTH[a.health] ?? a.health);
		setAttr(v.health, 'data-value', a.health);
		setText(v.fault, a.fault ? `⚡ simulates ${a.fault}` : '');
		setHidden(v.fault, !a.fault);
		setText(v.version, a.version ? `v${a.version}` : 'no version');
		setText(v.heartbeat, a.heartbeat_age_ms == null ? 'heartbeat unknown' : `♥ ${span(a.heartbeat_age_ms)} ago`);
		setAttr(v.heartbeat, 'title', `last heartbeat; its lease is ${span(a.ttl_ms)}`);
		setAttr(v.heartbeat, 'data-late', a.heartbeat_age_ms > a.ttl_ms * 0.6);
		setText(v.weight, weight(a.weight));
		setText(v.share, percent(a.share));
		const frame = frameNow(frames);
		this.bar.rename(frame.name);
		this.bar.update(frame, frame.of(a));
		setText(v.rate, rate(a.messages_per_s));
		setText(v.queued, count(a.queued_packets));
		setText(v.flying, count(a.flying_batches));
		setText(v.p50, latency(a.p50_ms));
		setText(v.p99, latency(a.p99_ms));
		setText(v.failed, failed(a.error_ratio));
		this.updateBreakers(a);
		if (this.details?.node.isConnected) this.details.update(a, frames);
	}

	updateBreakers(a) {
		const lines = (a.trouble ?? []).map(troubleText);
		const rest = lines.length - TROUBLE_SHOWN;
		if (a.paused_workers > 0) lines.unshift(`it asked ${plural(a.paused_workers, 'worker')} to wait`);
		if (a.held_back_ms > 0) lines.unshift(`restarts too often: held back ${span(a.held_back_ms)}`);
		const shown = rest > 0 ? [...lines.slice(0, lines.length - rest), `and ${rest} more: see details`] : lines;
		setText(this.values.breakers, breakersText(a.breakers));
		this.setTrouble(shown);
		setAttr(this.node, 'data-trouble', troubleOf(a) || null);
	}
}

/** The window of the bar, as chosen. */
const frameNow = (frames) => frames.find(({ name }) => name === get('window')) ?? frames[0];

const worst = (frames, a) => Math.abs(frameNow(frames).of(a).error_messages ?? 0);
const ALARMS = { '': 0, failing: 2, held: 3, suspect: 4, breaker: 5, down: 6 };
const alarm = (frames, a) => ALARMS[troubleOf(a)] + (offBy(frames[0], frames[0].of(a)) ? 1 : 0);
const byNumber = (of) => (frames) => (a, b) => (of(b, frames) ?? -1) - (of(a, frames) ?? -1);
const ORDERS = {
	id: () => (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
	trouble: byNumber((a, frames) => alarm(frames, a)),
	share: byNumber((a) => a.share),
	error: byNumber((a, frames) => worst(frames, a)),
	rate: byNumber((a) => a.messages_per_s),
	queued: byNumber((a) => a.queued_packets),
	latency: byNumber((a) => a.p99_ms),
	failed: byNumber((a) => a.error_ratio),
};

const COLUMNS = [
	{ label: 'Analyzer', key: 'id', rises: true },
	{ label: 'Weight, target', key: 'share' },
	{ label: 'Got, error', key: 'error' },
	{ label: 'Messages/s', key: 'rate', align: 'right' },
	{ label: 'Queued, in flight', key: 'queued', align: 'right' },
	{ label: 'p50, p99', key: 'latency', align: 'right' },
	{ label: 'Failed', key: 'failed', align: 'right' },
	{ label: 'Breakers', key: 'trouble' },
	{ label: 'Actions', hidden: true },
];

/** The order that was chosen; equal ones by id. */
function orderNow(frames) {
	const [key, reversed] = orderOf('sort');
	const compare = (ORDERS[key] ?? ORDERS.trouble)(frames);
	const byId = ORDERS.id();
	return (a, b) => (reversed ? -compare(a, b) : compare(a, b)) || byId(a, b);
}

function matches(a, words) {
	const text = `${a.id} ${a.state} ${a.health} ${a.version ?? ''} ${a.fault ?? ''} ${troubleOf(a)}`.toLowerCase();
	return words.every((word) => text.includes(word));
}

export class Analyzers {
	/** onControl(id): its weight, state or fault is to be changed; done(ms): an update is drawn, with what that took. */
	constructor(onControl, done) {
		this.table = document.getElementById('analyzers');
		this.body = el('tbody', { role: 'rowgroup' });
		this.table.append(drawHead(COLUMNS, 'sort'), this.body);
		const model = drawRow();
		this.late = new LateRows(done);
		this.list = new KeyedList(this.body, (id) => {
			const row = new Row(id, model, onControl);
			this.late.watch(row);
			return {
				node: row.node,
				update: (a) => {
					row.update(a, this.frames);
					this.late.want(row);
				},
				gone: () => this.late.forget(row),
			};
		});
		this.ranks = new Map();
		this.rankedAt = -ORDER_MS;
		const [sort, filter] = ['sort', 'filter'].map((id) => document.getElementById(id));
		sort.append(...COLUMNS.filter(({ key }) => key).map(({ key, label }) => el('option', { value: key }, key === 'trouble' ? 'trouble first' : label)));
		sort.addEventListener('change', () => set({ sort: sort.value }));
		filter.addEventListener('input', () => set({ filter: filter.value }));
		onChange(['sort', 'filter', 'window', 'analyzer', 'node'], () => this.again());
		onChange(['rows'], () => this.showRows());
		this.showRows();
		const origin = location.origin;
		setText(field('start-one'), `weir-analyzer --id a1 --weight 0.5 --register ${origin}`);
	}

	showRows() {
		setAttr(document.getElementById('figures'), 'data-rows', get('rows'));
	}

	again() {
		const [sort, filter] = ['sort', 'filter'].map((id) => document.getElementById(id));
		this.rankedAt = -ORDER_MS;
		sort.value = orderOf('sort')[0];
		if (filter.value !== get('filter')) filter.value = get('filter');
		if (this.overview) this.update(this.overview);
	}

	update(overview) {
		const { analyzers } = overview;
		const many = analyzers.length > MANY;
		this.overview = overview;
		this.frames = frameOf(overview);
		setHidden(document.getElementById('filter').parentNode, !many && !get('filter'));
		setHidden(document.getElementById('no-analyzers'), analyzers.length > 0);
		setHidden(this.table, analyzers.length === 0);
		setAttr(this.table, 'data-many', many);
		const shown = this.choose(analyzers);
		const { name, scale } = frameNow(this.frames);
		setText(field('scale'), `a full bar is ${percent(scale, 0)} of the messages, ${WINDOWS.find((w) => w.name === name).title}`);
		setHidden(document.getElementById('no-match'), shown.length > 0 || analyzers.length === 0);
		setText(field('analyzer-count'), shown.length < analyzers.length ? `${shown.length} of ${analyzers.length}` : `${analyzers.length}`);
		this.late.begin(many);
		this.list.update(shown, (a) => a.id);
		this.late.end();
	}

	/** Those that the filter lets through, in order; the order is made anew each few seconds. */
	choose(analyzers) {
		const words = get('filter').toLowerCase().split(/\s+/).filter(Boolean);
		if (performance.now() - this.rankedAt >= ORDER_MS) {
			this.ranks = new Map([...analyzers].sort(orderNow(this.frames)).map((a, i) => [a.id, i]));
			this.rankedAt = performance.now();
		}
		const rank = (a) => this.ranks.get(a.id) ?? Infinity;
		return analyzers.filter((a) => matches(a, words)).sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
	}
}
