// The dashboard. Everything that is shown comes from one node's API and covers the whole pool.
//
// Hooks for tests, kept stable:
//   #connection[data-state]            connecting, live, polling, stale, locked
//   #banner                            shown while stale or locked, with the reason
//   tr[data-analyzer=ID]               with [data-trouble] down, breaker, suspect, held, failing
//     [data-field=NAME]                id state health fault version heartbeat weight share rate queued flying p50 p99
//                                      breakers trouble failed; actual-W target-W error-W for the window W: 10s 1m 10m all
//     [data-action=change]             opens dialog[data-control=ID]
//   tr[data-node=ID] [data-field]      mode rate packets connections memory redis unreachable uptime
//   [data-tile=NAME]                   messages-per-s share-error spill dead refused redis
//   li[data-event=ID][data-kind]       events
//   button[data-set=NAME=VALUE]        range, chart, window, rows, time: aria-pressed where it holds, and in the URL
//   button[data-sort=COLUMN]           in the heads of tables; the th has aria-sort
//   #subject                           the page of one analyzer (?analyzer=ID) or node (?node=ID)
//   dialog [data-action]               set-weight active draining disabled remove set-fault confirm replay purge replay-all purge-all show
//   .toast[data-kind]                  done, failed
//   performance measure "weir-update"  the main thread's time for one overview, all slices together; the chart is drawn apart

import { useTokens, setToken, askToken } from './api.js';
import { setText, setAttr, setHidden, field } from './dom.js';
import { span, useClock } from './format.js';
import { Live } from './live.js';
import { Analyzers } from './analyzers.js';
import { Nodes } from './nodes.js';
import { Refusals } from './refusals.js';
import { Summary } from './summary.js';
import { Attention } from './attention.js';
import { Events } from './events.js';
import { Flow } from './flow.js';
import { questionToken } from './dialogs.js';
import { openControl } from './control.js';
import { openLetters } from './letters.js';
import { Subject } from './subject.js';
import { bindSwitches } from './switches.js';
import { get, onChange } from './state.js';

const MEASURES = 200; // kept for whoever reads them

const figures = document.getElementById('figures');
const emitter = document.getElementById('emitter');
let newest = null;

useClock(get('time')); // before anything shows a time
onChange(['time'], () => useClock(get('time')));
bindSwitches();

const analyzers = new Analyzers((id) => openControl(id, () => newest.analyzers), onDrawn);
const nodes = new Nodes();
new Refusals();
const summary = new Summary({ onDead: () => openLetters('dead'), onSpill: () => openLetters('spill') });
const attention = new Attention();
const events = new Events();
const flow = new Flow(() => events.shown());
const subject = new Subject((id) => openControl(id, () => newest.analyzers));

let drawing = null; // { start, spent }: the overview that is being drawn, and what that took besides the analyzers

function onDrawn(spent) {
	if (!drawing) return;
	if (performance.getEntriesByName('weir-update').length >= MEASURES) performance.clearMeasures('weir-update');
	performance.measure('weir-update', { start: drawing.start, duration: drawing.spent + spent });
	drawing = null;
}

function onOverview(overview) {
	const start = performance.now();
	newest = overview;
	setAttr(figures, 'data-waiting', null);
	setText(field('pool'), overview.pool);
	setText(field('node'), overview.node);
	setText(field('version'), overview.version);
	setAttr(emitter, 'href', overview.emitter_url ?? null);
	emitter.hidden = !overview.emitter_url;
	attention.update(overview);
	summary.update(overview);
	nodes.update(overview);
	subject.update(overview);
	flow.add(overview);
	drawing = { start, spent: performance.now() - start };
	analyzers.update(overview);
}

const WORDS = { connecting: 'connecting', live: 'live', polling: 'live, by polling', stale: 'stale', locked: 'locked' };

/** A sentence of a node or of ours as the rest of another sentence. */
const clause = (text) => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');

function onState(name, age, why) {
	const banner = document.getElementById('banner');
	setAttr(document.getElementById('connection'), 'data-state', name);
	setText(field('connection'), WORDS[name]);
	setAttr(figures, 'data-stale', name === 'stale' || name === 'locked');
	const said = { stale: `Stale: ${clause(why)}.`, locked: `Locked: ${clause(why)}.`, connecting: why ? `Not connected: ${clause(why)}.` : '' }[name] ?? '';
	setText(field('stale'), said);
	setText(field('stale-for'), said && age !== null ? `These figures are ${span(age)} old.` : '');
	setHidden(document.getElementById('unlock'), name !== 'locked');
	setHidden(banner, !said);
}

const live = new Live({ overview: onOverview, events: (list) => events.add(list), state: onState });

useTokens(questionToken, (known) => setHidden(document.getElementById('forget'), !known));
document.getElementById('forget').addEventListener('click', () => {
	setToken(null);
	live.restart();
});
document.getElementById('unlock').addEventListener('click', async () => {
	if (await askToken('')) live.restart();
});
live.start();
