// Dialogs: one that is made when it is needed and gone when it is closed, and the two questions that
// others ask with it: "really?" and "which token?".

import { el, setText, setHidden } from './dom.js';

let made = 0;

/**
 * A modal dialog with a title and a line for what went wrong.
 * { node, body, fail(text), close(value), closed: Promise of that value, or null }
 */
export function openDialog(title, className, ...children) {
	const id = `dialog-${++made}`;
	const close = el('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×');
	const alert = el('p', { class: 'failure', role: 'alert', hidden: true, 'data-field': 'failure' });
	const body = el('div', { class: 'body' }, ...children);
	const node = el('dialog', { class: className, 'aria-labelledby': id },
		el('header', {}, el('h2', { id }, title), close), alert, body);
	let value = null;
	const dialog = {
		node,
		body,
		fail(text) {
			setText(alert, text ?? '');
			setHidden(alert, !text);
		},
		close(result) {
			value = result;
			node.close();
		},
	};
	dialog.closed = new Promise((resolve) => {
		node.addEventListener('close', () => {
			node.remove();
			resolve(value);
		});
	});
	close.addEventListener('click', () => node.close());
	document.body.append(node);
	node.showModal();
	return dialog;
}

/** Whether the person agrees; the first focus is on the harmless answer. */
export async function confirm(title, text, action) {
	const no = el('button', { type: 'button', autofocus: true }, 'Cancel');
	const yes = el('button', { type: 'button', class: 'danger', 'data-action': 'confirm' }, action);
	const dialog = openDialog(title, 'small', el('p', {}, text), el('div', { class: 'actions' }, no, yes));
	no.addEventListener('click', () => dialog.close(false));
	yes.addEventListener('click', () => dialog.close(true));
	no.focus();
	return (await dialog.closed) === true;
}

/** The token that the person typed, or null. why: what the node says of the one before. */
export async function questionToken(why) {
	const input = el('input', { type: 'password', id: 'token', required: true, autocomplete: 'off', spellcheck: 'false' });
	const form = el('form', {},
		el('p', {}, 'This node wants a token: admin-token for changes, register-token is enough to look. It is kept until this tab is closed, and sent to this node alone.'),
		el('label', { for: 'token' }, 'Token'), input,
		el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'primary' }, 'Use it')));
	const dialog = openDialog('A token, please', 'small', form);
	dialog.fail(why);
	form.addEventListener('submit', (event) => {
		event.preventDefault();
		if (input.value.trim()) dialog.close(input.value.trim());
	});
	input.focus();
	return dialog.closed;
}
