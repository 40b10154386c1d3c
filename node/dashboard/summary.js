// The tiles: the pool as a whole, in figures.

import { el, setText, setAttr, setHidden, linesIn } from './dom.js';
import { count, compact, rate, bytes, latency, signed, plural } from './format.js';

const REASONS = 3; // shown of refusals
const ACK_LATE_MS = 500; // agents wait longer than ack-within should let them

function growth(perSecond) {
	if (perSecond == null) return '';
	return Math.abs(perSecond) < 0.05 ? '→ steady' : `${perSecond > 0 ? '↗' : '↘'} ${signed(perSecond, rate)} per s`;
}

function tile(name, label) {
	const big = el('strong', { 'data-field': name });
	const lines = el('ul', { class: 'quiet' });
	const setLines = linesIn(lines);
	const node = el('div', { class: 'tile', 'data-tile': name }, el('h3', {}, label), big, lines);

	function update(value, rest, trouble = false) {
		setText(big, value);
		setLines(rest);
		setAttr(node, 'data-trouble', trouble ? 'yes' : null);
	}
	return { node, update };
}

function windowsText(windows, text) {
	return windows.map((w) => `${w.seconds < 60 ? `${w.seconds} s` : `${w.seconds / 60} min`}: ${text(w)}`);
}

const errorText = (w) => (w.messages ? `${(w.error_percent ?? 0).toFixed(2)} %, ${compact(w.error_messages)} msg` : 'no messages');

export class Summary {
	/** onDead: the person wants to see the dead letters; onSpill: what is in the spill. */
	constructor({ onDead, onSpill }) {
		this.tiles = {
			flow: tile('messages-per-s', 'Messages per second'),
			error: tile('share-error', 'Worst share error, 10 s'),
			ack: tile('ack', 'Time to 202, p99'),
			spill: tile('spill', 'Spill'),
			dead: tile('dead', 'Dead letters'),
			refused: tile('refused', 'Refused'),
			redis: tile('redis', 'Redis'),
		};
		this.tiles.dead.node.append(this.button('Look, replay, purge…', 'dead', onDead));
		this.spillButton = this.button('What is in it…', 'spill', onSpill);
		this.tiles.spill.node.append(this.spillButton);
		document.getElementById('tiles').append(...Object.values(this.tiles).map((t) => t.node));
	}

	button(text, action, run) {
		const node = el('button', { type: 'button', 'data-action': action }, text);
		node.addEventListener('click', run);
		return node;
	}

	update(o) {
		const t = this.tiles;
		const windows = o.windows ?? [];
		const [last] = windows;
		const seconds = last ? last.covered_s || last.seconds : 1;
		const own = o.figures.of === 'node';
		t.flow.update(rate(own ? o.figures.messages_per_s : last ? last.messages / seconds : 0), [
			`${rate(own ? o.figures.packets_per_s : last ? last.packets / seconds : 0)} packets per second`,
			own ? `of ${o.figures.node} alone` : null,
			`${compact(o.totals?.messages)} in ${compact(o.totals?.packets)} packets since start`]);
		t.error.update(last?.messages ? plural(Math.round(last.error_messages), 'message') : '–', windowsText(windows, errorText));
		t.ack.update(latency(o.ack?.p99_ms), [`p50 ${latency(o.ack?.p50_ms)}`, `p99.9 ${latency(o.ack?.p99_9_ms)}`], o.ack?.p99_ms > ACK_LATE_MS);
		t.spill.update(count(o.spill.packets), [
			o.spill.packets ? `${count(o.spill.messages)} messages, ${bytes(o.spill.bytes)}` : 'nothing waits for an analyzer',
			growth(o.spill.packets_per_s)], o.spill.packets > 0);
		setHidden(this.spillButton, !o.spill.packets);
		t.dead.update(count(o.dead.packets), [o.dead.packets ? null : 'none waits to be looked at', growth(o.dead.packets_per_s)],
			o.dead.packets_per_s > 0);
		this.updateRefused(o);
		const { state, error, round_trip_ms: ms } = o.redis;
		t.redis.update(state === 'up' ? 'up' : `▲ ${state.replace('_', ', ')}`, [state === 'up' || !error ? `round trip ${latency(ms)}` : error,
			`epoch ${count(o.epoch)}`], state !== 'up');
	}

	updateRefused({ refused, refused_per_s: perSecond }) {
		const reasons = Object.entries(refused ?? {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
		const total = reasons.reduce((sum, [, n]) => sum + n, 0);
		const rest = reasons.slice(REASONS);
		this.tiles.refused.update(count(total), [
			total ? growth(perSecond) : 'every request was taken',
			...reasons.slice(0, REASONS).map(([reason, n]) => `${reason}: ${count(n)}`),
			rest.length ? `${plural(rest.length, 'more reason')}: ${count(rest.reduce((s, [, n]) => s + n, 0))}` : null], perSecond >= 0.05);
	}
}
