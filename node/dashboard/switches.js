// Buttons that choose: <button data-set="range=1h"> says so, and shows whether it holds.

import { setAttr } from './dom.js';
import { get, set, onChange } from './state.js';

export function bindSwitches() {
	for (const button of document.querySelectorAll('button[data-set]')) {
		const [name, value] = button.dataset.set.split('=');
		const show = () => setAttr(button, 'aria-pressed', String(get(name) === value));
		button.addEventListener('click', () => set({ [name]: value }));
		onChange([name], show);
		show();
	}
}
