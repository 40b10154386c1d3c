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

/** What was written last is kept beside the node: asking the document costs more than the comparison. */
export function setText(node, text) {
	if (node.saidText === text) return;
	node.saidText = text;
	if (node.firstChild) node.firstChild.data = text;
	else node.append(text);
}

/** null or false takes the attribute away. */
export function setAttr(node, name, value) {
	const said = node.saidAttributes ??= {};
	if (said[name] === value && name in said) return;
	said[name] = value;
	if (value == null || value === false) node.removeAttribute(name);
	else node.setAttribute(name, value === true ? '' : value);
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
 * make(key) -> { node, update(item), gone() }; update is called for each item, each time; gone may be left out.
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
			row.gone?.();
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
