// The first thing to read: one sentence on the whole, and a line for each cause, as the node finds them.

import { el, setText, setAttr, setHidden, field, KeyedList } from './dom.js';
import { span, timeOfDay } from './format.js';

// Headings of docs/runbook.md, which is built into the program as it is: browsers look for the text.
const runbook = (heading) => `assets/runbook.md#:~:text=${encodeURIComponent(`## ${heading}`)}`;

const SHAPES = { trouble: '■', warn: '▲', note: '●' };
const LEVELS = { ok: 'ok', note: 'ok', warn: 'warn', trouble: 'bad' }; // of the whole

/** "since 15:57:20 (2 min)" by the clock of the node that answers. */
function since(cause, nowMs) {
	if (cause.since_ms == null) return '';
	return `since ${timeOfDay(cause.since_ms)} (${span(Math.max(0, nowMs - cause.since_ms))})`;
}

function row() {
	const shape = el('i', { class: 'shape', 'aria-hidden': 'true' });
	const text = el('span');
	const when = el('span', { class: 'quiet', 'data-field': 'since' });
	const link = el('a', { target: '_blank', rel: 'noopener' }, 'what to do');
	const node = el('li', {}, shape, text, when, link);

	function update({ cause, nowMs }) {
		setAttr(node, 'data-level', cause.level === 'trouble' ? 'bad' : cause.level);
		setAttr(node, 'data-cause', cause.kind);
		setAttr(node, 'data-subject', cause.subject);
		setText(shape, SHAPES[cause.level]);
		setText(text, cause.text);
		setText(when, since(cause, nowMs));
		setHidden(link, !cause.heading);
		setAttr(link, 'href', cause.heading && runbook(cause.heading));
		setAttr(link, 'title', cause.remedy);
		setAttr(link, 'aria-label', `what to do: ${cause.text}`);
	}
	return { node, update };
}

export class Attention {
	constructor() {
		this.section = document.querySelector('.attention');
		this.list = new KeyedList(document.getElementById('attention'), row);
	}

	update({ verdict, pool, now_ms: nowMs, age_ms: ageMs }) {
		const problems = verdict.causes.filter(({ level }) => level === 'warn' || level === 'trouble').length + verdict.left_out;
		const now = (nowMs ?? Date.now()) + (ageMs ?? 0);
		setText(field('headline'), verdict.headline);
		setAttr(this.section, 'data-level', LEVELS[verdict.level]);
		this.list.update(verdict.causes.map((cause) => ({ cause, nowMs: now })), ({ cause }) => `${cause.kind} ${cause.subject ?? ''}`);
		document.title = problems ? `(${problems}) Weir ${pool}` : `Weir ${pool}`;
	}
}
