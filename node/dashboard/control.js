// The dialog that changes an analyzer: weight, state, simulated failure. A change names the revision that
// was shown, so that two people do not overwrite each other without knowing.

import { el, setText, setAttr, setHidden, KeyedList } from './dom.js';
import { percent, weight as weightText } from './format.js';
import { call, explain } from './api.js';
import { openDialog, confirm } from './dialogs.js';
import { sharesWith, isEligible } from './shares.js';
import { toast } from './toast.js';

const STATES = [
	['active', 'Enable', 'takes its share'],
	['draining', 'Drain', 'ends what is queued, gets nothing new'],
	['disabled', 'Disable', 'what is queued for it goes to others'],
];

/** "slow:200" -> ['slow', '200'] */
const parseFault = (fault) => (fault ? fault.split(':') : ['off']);

const isDelay = (ms) => Number.isInteger(ms) && ms >= 1 && ms <= 60000;

function describe(a) {
	return `Now: weight ${weightText(a.weight)}, ${a.state}, ${a.fault ? `simulates ${a.fault}` : 'no failure simulated'}, share ${percent(a.share)}`;
}

class Control {
	/** analyzers() -> those of the newest overview */
	constructor(id, analyzers) {
		this.id = id;
		this.analyzers = analyzers;
		this.shown = analyzers().find((a) => a.id === id);
		this.now = el('p', { 'data-field': 'control-now' });
		this.dialog = openDialog(`Change ${id}`, 'control', this.now, this.weightForm(), this.stateForm(), this.faultForm());
		this.dialog.node.dataset.control = id;
		this.show(this.shown);
		this.number.focus();
		this.timer = setInterval(() => this.preview(), 1000);
		this.dialog.closed.then(() => clearInterval(this.timer));
	}

	/** What the person saw last; a change is made on top of it. */
	show(a) {
		this.shown = a;
		const most = Math.max(1, ...this.analyzers().map((other) => other.weight), a.weight);
		const top = 10 ** Math.ceil(Math.log10(most));
		setText(this.now, describe(a));
		this.slider.max = most * 2 > top ? top * 2 : top;
		this.slider.step = this.slider.max / 200;
		this.slider.value = a.weight;
		this.number.value = a.weight;
		for (const [state, button] of this.states) setAttr(button, 'aria-pressed', String(state === a.state));
		const [kind, value] = parseFault(a.fault);
		for (const radio of this.kinds) radio.checked = radio.value === kind; // none of them, where the analyzer has kinds of its own
		if (kind === 'slow') this.slow.value = value;
		if (kind === 'error') this.errors.value = value;
		this.preview();
	}

	weightForm() {
		this.slider = el('input', { type: 'range', min: 0, 'aria-label': 'Weight, slider', 'data-field': 'weight-slider' });
		this.number = el('input', { type: 'number', min: 0, max: 1000000, step: 'any', required: true, id: 'weight', 'data-field': 'weight-number' });
		this.list = el('ul', { class: 'preview', tabindex: '0', 'aria-label': 'Shares that would result', 'data-field': 'preview' });
		this.rows = new KeyedList(this.list, (id) => this.previewRow(id));
		this.note = el('p', { class: 'quiet', 'data-field': 'preview-note' });
		const form = el('form', { novalidate: true }, el('h3', {}, el('label', { for: 'weight' }, 'Weight')),
			el('div', { class: 'line' }, this.slider, this.number), this.list, this.note,
			el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'primary', 'data-action': 'set-weight' }, 'Set the weight')));
		this.slider.addEventListener('input', () => this.follow(this.number, this.slider));
		this.number.addEventListener('input', () => this.follow(this.slider, this.number));
		form.addEventListener('submit', (event) => this.onWeight(event));
		return form;
	}

	previewRow(id) {
		const was = el('span', { class: 'quiet' });
		const then = el('b', { 'data-field': 'then' });
		const bar = el('i', { class: 'fill' });
		const node = el('li', { 'data-preview': id }, el('span', { class: 'id' }, id), el('span', { class: 'bar', 'aria-hidden': 'true' }, bar),
			el('span', { class: 'figures' }, was, ' → ', then));
		return {
			node,
			update({ before, after, own }) {
				setText(was, percent(before));
				setText(then, percent(after));
				setAttr(node, 'data-own', own);
				bar.style.width = `${(after * 100).toFixed(1)}%`;
			},
		};
	}

	follow(other, input) {
		other.value = input.value;
		this.preview();
	}

	preview() {
		const analyzers = this.analyzers();
		const shares = sharesWith(analyzers, this.id, Math.max(0, Number(this.number.value) || 0));
		const own = analyzers.find((a) => a.id === this.id);
		const others = analyzers.filter((a) => a.id !== this.id);
		setHidden(this.list, !own);
		setText(this.note, own && !isEligible(own) ? `${this.id} gets nothing now, as it is ${own.state === 'active' ? own.health : own.state}.` : '');
		this.rows.update([...(own ? [own] : []), ...others].map((a) => ({ id: a.id, before: a.share, after: shares.get(a.id), own: a.id === this.id })),
			(row) => row.id);
	}

	stateForm() {
		this.states = STATES.map(([state, verb, means]) => {
			const button = el('button', { type: 'button', 'data-action': state }, el('b', {}, verb), el('span', { class: 'quiet' }, means));
			button.addEventListener('click', () => this.onState(state));
			return [state, button];
		});
		const remove = el('button', { type: 'button', 'data-action': 'remove' }, el('b', {}, 'Remove'), el('span', { class: 'quiet' }, 'for one that is gone'));
		remove.addEventListener('click', () => this.onRemove());
		return el('section', {}, el('h3', {}, 'State'), el('div', { class: 'states' }, ...this.states.map(([, button]) => button), remove));
	}

	faultForm() {
		this.slow = el('input', { type: 'number', min: 1, max: 60000, step: 1, value: 200, 'aria-label': 'Milliseconds', 'data-field': 'fault-ms' });
		this.errors = el('input', { type: 'number', min: 0, max: 1, step: 'any', value: 0.3, 'aria-label': 'Part of its answers, 0 to 1', 'data-field': 'fault-rate' });
		this.kinds = [];
		const choice = (value, ...text) => {
			const radio = el('input', { type: 'radio', name: 'fault', value });
			this.kinds.push(radio);
			return el('label', { class: 'choice' }, radio, ...text);
		};
		const form = el('form', { novalidate: true }, el('fieldset', {}, el('legend', {}, 'Simulate a failure'),
			el('p', { class: 'quiet' }, 'It obeys at its next heartbeat; nodes have to find out by themselves.'),
			choice('off', 'None'),
			el('div', { class: 'line' }, choice('slow', 'Slow, by'), this.slow, 'ms'),
			el('div', { class: 'line' }, choice('error', 'Errors, for a part of'), this.errors),
			choice('down', 'Down: it answers 500 to deliveries')),
		el('div', { class: 'actions' }, el('button', { type: 'submit', 'data-action': 'set-fault' }, 'Simulate')));
		form.addEventListener('submit', (event) => this.onFault(event));
		return form;
	}

	onWeight(event) {
		event.preventDefault();
		const value = Number(this.number.value);
		if (this.number.value === '' || !(value >= 0 && value <= 1e6)) this.dialog.fail('A weight is a number from 0 to 1000000.');
		else this.change({ weight: value }, `weight ${weightText(this.shown.weight)} → ${weightText(value)}`);
	}

	async onState(state) {
		const last = this.analyzers().filter(isEligible).every((a) => a.id === this.id);
		const ask = state === 'disabled' || (state === 'draining' && last);
		const text = `${this.id} will get no messages until it is enabled again${state === 'disabled' ? '; what is queued for it goes to others' : ''}.`;
		if (ask && !(await confirm(`${state === 'disabled' ? 'Disable' : 'Drain'} ${this.id}?`,
			last ? `${text} It is the last one that takes any: packets will go into the spill.` : text, state === 'disabled' ? 'Disable it' : 'Drain it'))) return;
		this.change({ state }, state === 'active' ? 'enabled' : state === 'draining' ? 'drains' : 'disabled');
	}

	async onFault(event) {
		event.preventDefault();
		const kind = new FormData(event.target).get('fault');
		const fault = { off: null, down: 'down', slow: `slow:${Number(this.slow.value)}`, error: `error:${this.errors.value}` }[kind];
		if (!kind) this.dialog.fail('Choose one of the failures, or none.');
		else if (kind === 'slow' && !isDelay(Number(this.slow.value))) this.dialog.fail('Milliseconds are a whole number from 1 to 60000.');
		else if (kind === 'error' && !(this.errors.value !== '' && this.errors.value >= 0 && this.errors.value <= 1)) this.dialog.fail('The part of errors is a number from 0 to 1.');
		else if (kind !== 'down' || await confirm(`Simulate that ${this.id} is down?`,
			'It will answer 500 to all deliveries, from its next heartbeat until this is taken back here.', 'Take it down'))
			this.change({ fault }, fault ? `simulates ${fault}` : 'simulates no failure');
	}

	async onRemove() {
		if (await confirm(`Remove ${this.id}?`, `${this.id} leaves the pool with its weight and state. What it got still counts. If it is alive, it registers again.`, 'Remove it'))
			this.send({ method: 'DELETE' }, 'removed');
	}

	change(body, done) {
		const headers = this.shown.revision == null ? {} : { 'If-Match': `"${this.shown.revision}"` };
		return this.send({ method: 'PATCH', body, headers }, done);
	}

	async send(request, done) {
		this.dialog.fail(null);
		setAttr(this.dialog.node, 'aria-busy', 'true');
		try {
			await call(`v1/analyzers/${encodeURIComponent(this.id)}`, request);
			toast(`${this.id}: ${done}`);
			this.dialog.close(true);
		} catch (error) {
			await this.onRefused(error);
		} finally {
			setAttr(this.dialog.node, 'aria-busy', null);
		}
	}

	async onRefused(error) {
		if (error.status !== 412) {
			this.dialog.fail(explain(error));
			return;
		}
		try {
			const { json } = await call(`v1/analyzers/${encodeURIComponent(this.id)}`);
			const before = describe(this.shown).replace('Now: ', '');
			this.show(json);
			this.dialog.fail(`Somebody else changed ${this.id} meanwhile, so nothing was done. You saw: ${before}. What holds now is shown here; change it again if you still want to.`);
		} catch (again) {
			this.dialog.fail(explain(again));
		}
	}
}

export function openControl(id, analyzers) {
	if (analyzers().some((a) => a.id === id)) new Control(id, analyzers);
}
