// The configuration of the node that answers, in a table that opens. Other nodes tell theirs themselves.

import { el, setText, setHidden } from './dom.js';
import { call, explain } from './api.js';

const HEADS = ['Option', 'Value', 'From'];

function rowOf({ name, value, source }) {
	return el('tr', { 'data-option': name }, el('th', { scope: 'row' }, name),
		el('td', {}, value ?? el('span', { class: 'quiet' }, 'not set')), el('td', { class: 'quiet' }, source));
}

export function makeConfig() {
	const body = el('tbody');
	const problem = el('p', { class: 'quiet', hidden: true });
	const table = el('details', { hidden: true }, el('summary', {}, 'Configuration'), problem,
		el('table', { class: 'config' }, el('thead', {}, el('tr', {}, ...HEADS.map((head) => el('th', { scope: 'col' }, head)))), body));
	const elsewhere = el('p', { class: 'quiet', hidden: true });
	const node = el('div', { class: 'config-of', 'data-field': 'config' }, table, elsewhere);

	async function ask() {
		try {
			const { json } = await call('v1/config');
			body.replaceChildren(...json.options.map(rowOf));
			setHidden(problem, true);
		} catch (error) {
			setText(problem, explain(error));
			setHidden(problem, false);
		}
	}

	table.addEventListener('toggle', () => { if (table.open) ask(); });

	function update(id, isHere) {
		setHidden(table, !isHere);
		setHidden(elsewhere, isHere);
		setText(elsewhere, `Configuration: ask node ${id} at its own admin port, by its dashboard or GET /v1/config.`);
	}
	return { node, update };
}
