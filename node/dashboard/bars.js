// One bar: how much of the messages an analyzer got, a mark where its target is, and what is too much
// or missing between them, hatched in opposite directions and said with a sign.

import { el, setText, setAttr } from './dom.js';
import { percent, signed, compact } from './format.js';
import { offBy } from './shares.js';

const SIGNS = { '-1': 'under', 0: null, 1: 'over' };

/** Style written only when it differs; fractions of the bar's width. */
class Piece {
	constructor(kind) {
		this.node = el('i', { class: kind });
		this.at = '';
	}

	place(from, to) {
		const left = `${(from * 100).toFixed(1)}%`;
		const width = `${(Math.max(0, to - from) * 100).toFixed(1)}%`;
		if (this.at === left + width) return;
		this.at = left + width;
		this.node.style.left = left;
		this.node.style.width = width;
	}
}

/** name: of the window, part of the data-fields. */
export function makeBar(name) {
	const [fill, diff, mark] = ['fill', 'diff', 'mark'].map((kind) => new Piece(kind));
	const bar = el('div', { class: 'bar', 'aria-hidden': 'true' }, fill.node, diff.node, mark.node);
	const actual = el('b', { 'data-field': `actual-${name}` });
	const target = el('span', { 'data-field': `target-${name}` });
	const error = el('span', { 'data-field': `error-${name}`, class: 'error' });
	const node = el('div', { class: 'share' }, bar,
		el('div', { class: 'said' }, actual, el('span', { class: 'hidden' }, ' of ', target, ', error '), error,
			el('span', { class: 'hidden' }, ' messages')));

	function update(frame, window) {
		const got = (window.actual ?? 0) / frame.scale;
		const due = (window.share ?? 0) / frame.scale;
		setText(actual, percent(window.actual));
		setText(target, percent(window.share));
		setText(error, signed(window.error_messages, compact));
		setAttr(node, 'data-off', SIGNS[offBy(frame, window)]);
		setAttr(bar, 'data-side', got > due ? 'over' : 'under');
		fill.place(0, Math.min(got, due));
		diff.place(Math.min(got, due), Math.max(got, due));
		mark.place(due, due);
		setAttr(mark.node, 'data-none', window.share == null);
	}
	return { node, update };
}
