// One bar: how much of the messages an analyzer got, a mark where its target is, and what is too much
// or missing between them, hatched in opposite directions and said with a sign.

import { el, setText, setAttr, field } from './dom.js';
import { percent, signed, compact } from './format.js';
import { offBy } from './shares.js';

const PIECES = ['fill', 'diff', 'mark'];
const SIGNS = { '-1': 'under', 0: null, 1: 'over' };

/** A part of a bar, of which only what differs is written; half a percent is less than a pixel. */
class Piece {
	constructor(node) {
		this.node = node;
		this.left = this.width = 0;
	}

	place(from, to) {
		const left = Math.round(from * 200) / 2;
		const width = Math.max(0, Math.round(to * 200) / 2 - left);
		if (left !== this.left) this.node.style.left = `${this.left = left}%`;
		if (width !== this.width) this.node.style.width = `${this.width = width}%`;
	}
}

/** Its elements; name: of the window, part of the data-fields. */
export function drawBar(name) {
	const field = (what, tag, more) => el(tag, { 'data-field': `${what}-${name}`, ...more });
	return el('div', { class: 'share' },
		el('div', { class: 'bar', 'aria-hidden': 'true' }, ...PIECES.map((kind) => el('i', { class: kind }))),
		el('div', { class: 'said' }, field('actual', 'b'),
			el('span', { class: 'hidden' }, ' of ', field('target', 'span'), ', error '), field('error', 'span', { class: 'error' }),
			el('span', { class: 'hidden' }, ' messages')));
}

/** Fills in what drawBar made, or a copy of that. */
export class Bar {
	constructor(node, name) {
		this.node = node;
		this.bar = node.firstChild;
		[this.fill, this.diff, this.mark] = [...this.bar.children].map((child) => new Piece(child));
		[this.actual, this.target, this.error] = ['actual', 'target', 'error'].map((what) => field(`${what}-${name}`, node));
	}

	/** Another window: it is part of the data-fields. */
	rename(name) {
		if (this.name === name) return;
		this.name = name;
		for (const what of ['actual', 'target', 'error']) this[what].dataset.field = `${what}-${name}`;
	}

	update(frame, window) {
		const got = (window.actual ?? 0) / frame.scale;
		const due = (window.share ?? 0) / frame.scale;
		setText(this.actual, percent(window.actual));
		setText(this.target, percent(window.share));
		setText(this.error, signed(window.error_messages, compact));
		setAttr(this.node, 'data-off', SIGNS[offBy(frame, window)]);
		setAttr(this.bar, 'data-side', got > due ? 'over' : 'under');
		this.fill.place(0, Math.min(got, due));
		this.diff.place(Math.min(got, due), Math.max(got, due));
		this.mark.place(due, due);
		setAttr(this.mark.node, 'data-none', window.share == null);
	}
}
