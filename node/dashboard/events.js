// The list of what happened, newest first, with time and cause.

import { el, setText, setAttr, setHidden } from './dom.js';
import { timeOfDay, dateAndTime } from './format.js';
import { get, onChange } from './state.js';

const MAX = 200;

// A shape for each kind, so that the list can be skimmed: comes, goes, changes, trouble.
const SHAPES = {
	joined: '+', back: '+', node_joined: '+', spill_ended: '✓',
	left: '−', node_left: '−', lost: '✕', node_lost: '✕', replayed: '⇄', purged: '−',
	replaced: '⇄', weight: '⇄', state: '⇄', fault: '⚡', breaker: '▲', slow: '▲',
	spill_began: '▲', dead: '▲', registry_away: '▲', id_twice: '▲', clock_back: '▲', data_lost: '▲', redis: '▲', refusing: '▲',
	analyzer_slow: '▲', analyzer_errs: '▲',
};
const TROUBLE = new Set(['lost', 'node_lost', 'spill_began', 'dead', 'registry_away', 'data_lost', 'id_twice', 'refusing']);

export function isTrouble({ kind, now }) {
	return TROUBLE.has(kind) || (kind.startsWith('analyzer_') && now !== 'usual') || (kind === 'redis' && now !== 'up') || (kind === 'breaker' && now !== 'closed') || (kind === 'slow' && now === 'slow');
}

// What two events that differ only in time have in common.
function sameness(event) {
	return JSON.stringify([event.kind, event.analyzer, event.node, event.was, event.now, event.cause, event.by]);
}

function aboutOf(event) {
	const since = event.count > 1 && `since ${timeOfDay(event.first_ms)}`;
	return [event.cause, event.node && `seen by ${event.node}`, since].filter(Boolean).join(' · ');
}

function makeEntry(event) {
	const about = aboutOf(event);
	const entry = el('li', { 'data-event': event.id, 'data-kind': event.kind, 'data-trouble': isTrouble(event) },
		el('time', { datetime: new Date(event.time_ms).toISOString() }),
		el('i', { class: 'shape', 'aria-hidden': 'true' }, event.kind === 'breaker' && event.now === 'closed' ? '✓' : SHAPES[event.kind] ?? '·'),
		el('span', { class: 'text', 'data-field': 'text' }, event.text));
	if (about) entry.append(el('span', { class: 'quiet cause', 'data-field': 'cause' }, about));
	return entry;
}

function showTimes(entry, event) {
	const time = entry.querySelector('time');
	const cause = entry.querySelector('.cause');
	setText(time, timeOfDay(event.time_ms));
	setAttr(time, 'title', dateAndTime(event.time_ms));
	if (cause) setText(cause, aboutOf(event));
}

/** Whether it is about the analyzer or the node that the page shows; all are about the pool. */
function isAbout({ analyzer, node }) {
	if (get('analyzer')) return analyzer === get('analyzer');
	return !get('node') || node === get('node') || Boolean(node?.startsWith(`${get('node')}/`));
}

export class Events {
	constructor() {
		this.list = document.getElementById('events');
		this.seen = new Set();
		this.entries = []; // { event, node }, the newest first
		setHidden(this.list, true);
		onChange(['analyzer', 'node'], () => this.show());
		onChange(['time'], () => { for (const { event, node } of this.entries) showTimes(node, event); });
	}

	/** One that stands for several takes the place of the earlier one. */
	dropFolded(event) {
		const same = sameness(event);
		const at = this.entries.findIndex((entry) => sameness(entry.event) === same);
		if (at < 0) return;
		const [earlier] = this.entries.splice(at, 1);
		this.seen.delete(earlier.event.id);
		earlier.node.remove();
	}

	/** It was folded already: another node, which has not read that yet, still tells it. */
	isFolded(event) {
		const same = sameness(event);
		return this.entries.some((entry) => entry.event.count > event.count && entry.event.first_ms <= event.time_ms
			&& entry.event.time_ms >= event.time_ms && sameness(entry.event) === same);
	}

	/** Oldest first, as a node tells them; those known already are left out. */
	add(events) {
		const fresh = events.filter((event) => !this.seen.has(event.id) && !this.isFolded(event));
		if (!fresh.length) return;
		for (const event of fresh) {
			if (event.count > 1) this.dropFolded(event);
			const node = makeEntry(event);
			this.seen.add(event.id);
			showTimes(node, event);
			this.entries.unshift({ event, node });
			this.list.prepend(node);
		}
		for (const { event, node } of this.entries.splice(MAX)) {
			this.seen.delete(event.id);
			node.remove();
		}
		this.show();
	}

	/** Those that are about what the page shows. */
	shown() {
		return this.entries.map(({ event }) => event).filter(isAbout);
	}

	show() {
		for (const { event, node } of this.entries) setHidden(node, !isAbout(event));
		setHidden(this.list, !this.shown().length);
		setHidden(document.getElementById('no-events'), this.shown().length > 0);
	}
}
