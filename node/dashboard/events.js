// The list of what happened, newest first, with time and cause.

import { el, setHidden } from './dom.js';
import { timeOfDay } from './format.js';

const MAX = 200;

// A shape for each kind, so that the list can be skimmed: comes, goes, changes, trouble.
const SHAPES = {
	joined: '+', back: '+', node_joined: '+', spill_ended: '✓',
	left: '−', node_left: '−', lost: '✕', node_lost: '✕', replayed: '⇄', purged: '−',
	replaced: '⇄', weight: '⇄', state: '⇄', fault: '⚡', breaker: '▲', slow: '▲',
	spill_began: '▲', dead: '▲', registry_away: '▲', id_twice: '▲', clock_back: '▲', data_lost: '▲',
};
const TROUBLE = new Set(['lost', 'node_lost', 'spill_began', 'dead', 'registry_away', 'data_lost', 'id_twice']);

function isTrouble({ kind, now }) {
	return TROUBLE.has(kind) || (kind === 'breaker' && now !== 'closed') || (kind === 'slow' && now === 'slow');
}

// What two events that differ only in time have in common.
function sameness(event) {
	return JSON.stringify([event.kind, event.analyzer, event.node, event.was, event.now, event.cause]);
}

function makeEntry(event) {
	const time = new Date(event.time_ms);
	const since = event.count > 1 && `since ${timeOfDay(event.first_ms)}`;
	const about = [event.cause, event.node && `seen by ${event.node}`, since].filter(Boolean).join(' · ');
	const entry = el('li', { 'data-event': event.id, 'data-same': sameness(event), 'data-kind': event.kind, 'data-trouble': isTrouble(event) },
		el('time', { datetime: time.toISOString(), title: time.toLocaleString() }, timeOfDay(event.time_ms)),
		el('i', { class: 'shape', 'aria-hidden': 'true' }, event.kind === 'breaker' && event.now === 'closed' ? '✓' : SHAPES[event.kind] ?? '·'),
		el('span', { class: 'text', 'data-field': 'text' }, event.text));
	if (about) entry.append(el('span', { class: 'quiet cause', 'data-field': 'cause' }, about));
	return entry;
}

export class Events {
	constructor() {
		this.list = document.getElementById('events');
		this.seen = new Set();
		setHidden(this.list, true);
	}

	/** One that stands for several takes the place of the earlier one. */
	dropFolded(event) {
		const same = sameness(event);
		[...this.list.children].find((entry) => entry.dataset.same === same)?.remove();
	}

	/** Oldest first, as a node tells them; those known already are left out. */
	add(events) {
		const fresh = events.filter((event) => !this.seen.has(event.id));
		if (!fresh.length) return;
		for (const event of fresh) {
			this.seen.add(event.id);
			if (event.count > 1) this.dropFolded(event);
			this.list.prepend(makeEntry(event));
		}
		while (this.list.childElementCount > MAX) {
			this.seen.delete(this.list.lastElementChild.dataset.event);
			this.list.lastElementChild.remove();
		}
		setHidden(this.list, false);
		setHidden(document.getElementById('no-events'), true);
	}
}
