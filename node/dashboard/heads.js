// The head of a table: each column that can order the rows is a button, which turns the order round.

import { el, setAttr } from './dom.js';
import { get, set, onChange } from './state.js';

/** "-rate" -> ['rate', true]: by the rate, the other way round. */
export function orderOf(name) {
	const value = get(name);
	return value.startsWith('-') ? [value.slice(1), true] : [value, false];
}

function turn(name, key) {
	const [now, reversed] = orderOf(name);
	set({ [name]: now === key && !reversed ? `-${key}` : key });
}

/**
 * columns: [{ label, key, align, rises }]; key: what the column orders by, null: nothing; rises: the
 * smallest comes first. name: of the order in the page's state.
 */
export function drawHead(columns, name) {
	const cells = columns.map(({ label, key, align, hidden }) => {
		const text = hidden ? el('span', { class: 'hidden' }, label) : label;
		const inside = key ? el('button', { type: 'button', class: 'sort', 'data-sort': key }, text) : text;
		if (key) inside.addEventListener('click', () => turn(name, key));
		return el('th', { role: 'columnheader', scope: 'col', class: align ?? null }, inside);
	});
	const show = () => {
		const [now, reversed] = orderOf(name);
		columns.forEach(({ key, rises }, i) => setAttr(cells[i], 'aria-sort',
			!key || key !== now ? null : Boolean(rises) !== reversed ? 'ascending' : 'descending'));
	};
	onChange([name], show);
	show();
	return el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...cells));
}
