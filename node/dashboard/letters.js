// Dialogs on what waits in Redis: dead letters (looked at, replayed, purged) and the spill (looked at).

import { el, setText, setHidden, KeyedList } from './dom.js';
import { bytes, count, span, plural } from './format.js';
import { call, explain } from './api.js';
import { openDialog, confirm } from './dialogs.js';
import { toast } from './toast.js';
import { indented, memberText } from './json.js';

const PAGE = 20;

const KINDS = {
	dead: {
		title: 'Dead letters',
		about: 'Packets that an analyzer refused as bad, or at which analyzers failed again and again. Replayed ones go into the spill and from there to any analyzer.',
		empty: 'No dead letters. A packet comes here when an analyzer answers 400, 413, 415 or 422 to it alone, or when it is poison.',
		order: 'Newest first.',
	},
	spill: {
		title: 'The spill',
		about: 'Packets that no analyzer could take; nodes with room take them out again by themselves.',
		empty: 'The spill is empty. Packets wait here while no analyzer can take them.',
		order: 'Oldest first.',
	},
};

/** Of an entry, as JSON and as the text that this was. */
const plainBody = ({ body_text: plain, body_hex: hex }, text) => plain ?? hex ?? indented(memberText(text, 'body') ?? '');

class Letters {
	constructor(kind) {
		this.kind = kind;
		this.entries = [];
		this.about = el('p', {}, KINDS[kind].about);
		this.summary = el('p', { class: 'quiet', role: 'status', 'data-field': 'letters-summary' }, 'Asking…');
		this.empty = el('p', { class: 'empty', hidden: true }, KINDS[kind].empty);
		this.list = el('ul', { class: 'letters' });
		this.rows = new KeyedList(this.list, (entry) => this.row(entry));
		this.more = this.button('Older ones', 'more', () => this.load(true));
		this.dialog = openDialog(KINDS[kind].title, 'wide', this.about, this.actions(), this.summary, this.empty, this.list, this.more);
		this.load(false);
	}

	button(text, action, run, className = null) {
		const node = el('button', { type: 'button', class: className, 'data-action': action }, text);
		node.addEventListener('click', run);
		return node;
	}

	actions() {
		this.all = el('div', { class: 'actions start' });
		if (this.kind === 'dead')
			this.all.append(this.button('Replay all', 'replay-all', () => this.replay({ all: true }, 'all')),
				this.button('Purge all…', 'purge-all', () => this.purge({ all: true }, 'all dead letters'), 'danger'));
		setHidden(this.all, true);
		return this.all;
	}

	async load(older) {
		const last = older && this.entries.at(-1);
		const before = last ? `&before=${encodeURIComponent(last.entry)}` : '';
		await this.guard(async () => {
			const { json } = await call(`v1/${this.kind}?limit=${PAGE}${before}`);
			this.entries = older ? [...this.entries, ...json.entries] : json.entries;
			this.show(json);
			setHidden(this.more, this.kind !== 'dead' || json.entries.length < PAGE);
		});
	}

	show({ packets }) {
		setText(this.summary, packets ? `${plural(packets, 'packet')}. ${this.entries.length < packets ? `${count(this.entries.length)} are shown. ` : ''}${KINDS[this.kind].order}` : '');
		setHidden(this.empty, packets > 0);
		setHidden(this.all, !packets);
		this.rows.update(this.entries, (entry) => entry.entry);
	}

	row(key) {
		const title = el('b', { class: 'id' });
		const facts = el('span', { class: 'quiet' });
		const reason = el('span', { 'data-field': 'reason' });
		const answer = el('span', { class: 'quiet', 'data-field': 'answer' });
		const content = el('pre', { tabindex: '0', hidden: true, 'aria-label': 'Content' });
		const look = this.button('Look', 'show', () => this.look(key, content));
		const buttons = el('span', { class: 'actions' }, look);
		if (this.kind === 'dead')
			buttons.append(this.button('Replay', 'replay', () => this.replay({ entries: [key] }, '1')),
				this.button('Purge…', 'purge', () => this.purge({ entries: [key] }, 'this dead letter'), 'danger'));
		const node = el('li', { 'data-entry': key }, el('div', {}, title, reason, answer, facts), buttons, content);
		return {
			node,
			update(e) {
				setText(title, e.id || `entry ${e.entry}`);
				setText(reason, e.analyzer ? `${e.analyzer}: ${e.reason}` : '');
				setText(answer, e.answer ? `it said: ${e.answer}` : '');
				setText(facts, `${span(e.age_ms)} ago, ${plural(e.messages, 'message')}, ${bytes(e.bytes)} of ${e.format} at ${e.path}, by ${e.node}`);
			},
		};
	}

	async look(key, content) {
		if (!content.hidden) {
			setHidden(content, true);
			return;
		}
		await this.guard(async () => {
			const { json, text } = await call(`v1/${this.kind}/${encodeURIComponent(key)}`);
			setText(content, plainBody(json, text) || '(empty)');
			setHidden(content, false);
		});
	}

	async replay(body, what) {
		await this.guard(async () => {
			const { json } = await call('v1/dead/replay', { method: 'POST', body });
			const full = json.full ? '; the spill is full, the rest stays' : '';
			toast(`Replayed ${json.replayed} of ${what === 'all' ? 'all' : what}${json.missing ? `, ${json.missing} were gone` : ''}${full}`, json.full ? 'failed' : 'done');
			await this.load(false);
		});
	}

	async purge(body, what) {
		if (!(await confirm(`Purge ${what}?`, 'What is in it is gone for good: it was acknowledged to its sender, who will not send it again.', 'Purge'))) return;
		await this.guard(async () => {
			const { json } = await call('v1/dead/purge', { method: 'POST', body });
			toast(`Purged ${json.purged}${json.missing ? `, ${json.missing} were gone` : ''}`);
			await this.load(false);
		});
	}

	/** Does it; what goes wrong is said in the dialog. */
	async guard(run) {
		this.dialog.fail(null);
		try {
			await run();
		} catch (error) {
			this.dialog.fail(explain(error));
		}
	}
}

/** kind: 'dead' or 'spill' */
export function openLetters(kind) {
	new Letters(kind);
}
