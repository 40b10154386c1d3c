// The table of analyzers: a row for each, kept for as long as it is there.

import { el, setText, setAttr, setHidden, field, linesIn, KeyedList } from './dom.js';
import { count, rate, percent, latency, span, weight, plural } from './format.js';
import { drawBar, Bar } from './bars.js';
import { WINDOWS, frameOf, offBy, troubleOf } from './shares.js';
import { breakersText, troubleText } from './breakers.js';
import { makeDetails } from './details.js';
import { LateRows } from './late.js';

const MANY = 20;          // from here on a filter and an order are offered
const TROUBLE_SHOWN = 2;  // lines in a row; the rest is in its details
const ORDER_MS = 5000;    // rows do not jump more often

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
		el('b', { 'data-field': 'id' }), value('state', { class: 'chip state' }), value('fault', { class: 'chip fault' }),
		el('span', { class: 'quiet sub' }, value('health'), ' · ', value('heartbeat'), ' · ', value('version')));
	return el('tr', { role: 'row' }, name,
		cell('Weight, target', 'weight', value('weight'), second('share')),
		...WINDOWS.map((window) => cell(window.title, 'window', drawBar(window.name))),
		cell('Messages/s', 'right rate', value('rate')),
		cell('Queued, in flight', 'right lane', value('queued'), el('span', { class: 'quiet' }, ' + '), value('flying')),
		cell('p50, p99', 'right latency', value('p50'), second('p99')),
		cell('Breakers', 'breakers', value('breakers'), el('ul', { class: 'trouble', 'data-field': 'trouble' })),
		el('td', { role: 'cell', class: 'act' }, el('button', { type: 'button', class: 'change', 'data-action': 'change' }, 'Change…')));
}

class Row {
	constructor(id, model, onControl) {
		this.id = id;
		this.node = model.cloneNode(true);
		this.node.dataset.analyzer = id;
		this.values = Object.fromEntries([...this.node.querySelectorAll('[data-field]')].map((n) => [n.dataset.field, n]));
		this.bars = [...this.node.querySelectorAll('.share')].map((node, i) => new Bar(node, WINDOWS[i].name));
		this.setTrouble = linesIn(this.values.trouble);
		this.details = null;
		this.more = this.node.querySelector('.more');
		this.more.addEventListener('click', () => this.toggle());
		const change = this.node.querySelector('.change');
		change.addEventListener('click', () => onControl(id));
		setText(this.values.id, id);
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
		setText(v.state, STATES[a.state] || a.state);
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
		this.bars.forEach((bar, i) => bar.update(frames[i], frames[i].of(a)));
		setText(v.rate, rate(a.messages_per_s));
		setText(v.queued, count(a.queued_packets));
		setText(v.flying, count(a.flying_batches));
		setText(v.p50, latency(a.p50_ms));
		setText(v.p99, latency(a.p99_ms));
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

const worst = (frames, a) => Math.abs(frames[0].of(a).error_messages ?? 0);
const alarm = (frames, a) => (troubleOf(a) ? 2 : 0) + (offBy(frames[0], frames[0].of(a)) ? 1 : 0);
const ORDERS = {
	id: () => 0,
	trouble: (frames) => (a, b) => alarm(frames, b) - alarm(frames, a),
	share: () => (a, b) => b.share - a.share,
	rate: () => (a, b) => b.messages_per_s - a.messages_per_s,
	error: (frames) => (a, b) => worst(frames, b) - worst(frames, a),
};

function matches(a, words) {
	const text = `${a.id} ${a.state} ${a.health} ${a.version ?? ''} ${a.fault ?? ''} ${troubleOf(a)}`.toLowerCase();
	return words.every((word) => text.includes(word));
}

export class Analyzers {
	/** onControl(id): its weight, state or fault is to be changed; done(ms): an update is drawn, with what that took. */
	constructor(onControl, done) {
		this.table = document.getElementById('analyzers');
		this.body = el('tbody', { role: 'rowgroup' });
		this.table.append(this.body);
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
		document.getElementById('sort').addEventListener('change', () => this.again());
		document.getElementById('filter').addEventListener('input', () => this.again());
		const origin = location.origin;
		setText(field('start-one'), `weir-analyzer --id a1 --weight 0.5 --register ${origin}`);
	}

	again() {
		this.rankedAt = -ORDER_MS;
		if (this.overview) this.update(this.overview);
	}

	update(overview) {
		const { analyzers } = overview;
		const many = analyzers.length > MANY;
		this.overview = overview;
		this.frames = frameOf(overview);
		setHidden(document.getElementById('toolbar'), !many);
		setHidden(document.getElementById('no-analyzers'), analyzers.length > 0);
		setHidden(this.table, analyzers.length === 0);
		setAttr(this.table, 'data-many', many);
		const shown = many ? this.choose(analyzers) : analyzers;
		setHidden(document.getElementById('no-match'), shown.length > 0 || analyzers.length === 0);
		setText(field('analyzer-count'), shown.length < analyzers.length ? `${shown.length} of ${analyzers.length}` : `${analyzers.length}`);
		this.late.begin(many);
		this.list.update(shown, (a) => a.id);
		this.late.end();
	}

	/** Those that the filter lets through, in order; the order is made anew each few seconds. */
	choose(analyzers) {
		const words = document.getElementById('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
		const order = ORDERS[document.getElementById('sort').value];
		if (performance.now() - this.rankedAt >= ORDER_MS) {
			const sorted = order === ORDERS.id ? analyzers : [...analyzers].sort(order(this.frames));
			this.ranks = new Map(sorted.map((a, i) => [a.id, i]));
			this.rankedAt = performance.now();
		}
		const rank = (a) => this.ranks.get(a.id) ?? Infinity;
		return analyzers.filter((a) => matches(a, words)).sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
	}
}
