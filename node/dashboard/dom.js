// Small ways to make and change elements. What others wrote (ids, reasons) becomes text and nothing
// else: there is no way from here to innerHTML. Only what differs is written.

/** el('td', { class: 'x', 'data-field': 'id' }, 'text', child) */
export function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes))
		if (value === true) node.setAttribute(name, '');
		else if (value !== false && value != null) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

export function setText(node, text) {
	const first = node.firstChild;
	if (!first) node.append(text);
	else if (first.data !== text) first.data = text;
}

/** null or false takes the attribute away. */
export function setAttr(node, name, value) {
	if (value == null || value === false) {
		if (node.hasAttribute(name)) node.removeAttribute(name);
	} else if (node.getAttribute(name) !== String(value)) {
		node.setAttribute(name, value);
	}
}

export function setHidden(node, hidden) {
	if (node.hidden !== hidden) node.hidden = hidden;
}

/** The element of the page, or of root, with that data-field. */
export function field(name, root = document) {
	return root.querySelector(`[data-field="${name}"]`);
}

/**
 * Children of parent, one for each item, kept by key.
 * make(key) -> { node, update(item) }; update is called for each item, each time.
 */
export class KeyedList {
	constructor(parent, make) {
		this.parent = parent;
		this.make = make;
		this.rows = new Map();
	}

	update(items, keyOf) {
		const keys = new Set(items.map(keyOf));
		for (const [key, row] of this.rows) {
			if (keys.has(key)) continue;
			row.node.remove();
			this.rows.delete(key);
		}
		let before = this.parent.firstChild;
		for (const item of items) {
			const row = this.rowOf(keyOf(item));
			row.update(item);
			if (row.node === before) before = before.nextSibling;
			else this.parent.insertBefore(row.node, before);
		}
	}

	rowOf(key) {
		let row = this.rows.get(key);
		if (!row) {
			row = this.make(key);
			this.rows.set(key, row);
		}
		return row;
	}
}

/** Lines of text in a list: (parent) -> (texts) => void; null and '' are left out. */
export function linesIn(parent) {
	const list = new KeyedList(parent, () => {
		const node = el('li');
		return { node, update: ({ text }) => setText(node, text) };
	});
	return (texts) => list.update(texts.filter(Boolean).map((text, i) => ({ text, i })), (line) => line.i);
}
