// The table of agents that are refused: what they ask for, who they are, what to change. Hidden while there are none.

import { el, setText, setHidden, field, KeyedList } from './dom.js';
import { count, span } from './format.js';
import { open } from './api.js';

const EVERY_MS = 5000;

const COLUMNS = [
	['count', 'Refused', 'right', (r) => count(r.count)],
	['last', 'Last', 'right', (r) => `${span(r.age_ms)} ago`],
	['client', 'Client', '', (r) => (r.token ? `${r.client} with token ${r.token}` : r.client)],
	['answer', 'Answer', '', (r) => `${r.status} ${r.code}`],
	['advice', 'What to change', 'wide', (r) => r.advice],
];

function keyOf(r) {
	return `${r.method} ${r.path} ${r.client} ${r.code} ${r.token ?? ''}`;
}

function makeRow() {
	const name = el('b', { 'data-field': 'request' });
	const cells = COLUMNS.map(([id, label, align]) =>
		el('td', { role: 'cell', class: `${align} ${id}`, 'data-label': label }, el('span', { 'data-field': id })));
	const node = el('tr', { role: 'row', 'data-refusal': '' }, el('th', { role: 'rowheader', scope: 'row', class: 'name' }, name), ...cells);

	function update(r) {
		setText(name, r.path ? `${r.method} ${r.path}` : 'not understood');
		COLUMNS.forEach(([, , , text], i) => setText(cells[i].firstChild, text(r)));
	}
	return { node, update };
}

export class Refusals {
	constructor() {
		this.panel = document.getElementById('refusals-panel');
		const body = el('tbody', { role: 'rowgroup' });
		document.getElementById('refusals').append(body);
		this.list = new KeyedList(body, makeRow);
		this.look();
	}

	async look() {
		try {
			const { refusals } = await (await open('v1/refusals', { signal: AbortSignal.timeout(EVERY_MS) })).json();
			setHidden(this.panel, refusals.length === 0);
			setText(field('refusal-count'), `${refusals.length}`);
			this.list.update(refusals, keyOf);
		} catch { /* the node is away, or wants a token: the page says so elsewhere */ }
		setTimeout(() => this.look(), EVERY_MS);
	}
}
