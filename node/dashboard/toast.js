// Results of what somebody did, for some seconds, in a place that screen readers speak.

import { el } from './dom.js';

const STAYS_MS = { done: 8000, failed: 20000 };

/** kind: 'done' or 'failed'. */
export function toast(text, kind = 'done') {
	const close = el('button', { type: 'button', 'aria-label': 'Dismiss' }, '×');
	const node = el('div', { class: 'toast', 'data-kind': kind },
		el('i', { class: 'shape', 'aria-hidden': 'true' }, kind === 'done' ? '✓' : '▲'), el('span', { 'data-field': 'toast' }, text), close);
	close.addEventListener('click', () => node.remove());
	document.getElementById('toasts').append(node);
	setTimeout(() => node.remove(), STAYS_MS[kind]);
}
