// The first thing to read: one sentence on the whole, and what needs somebody to look at it.

import { el, setText, setAttr, setHidden, field, KeyedList } from './dom.js';
import { count, rate, signed, plural, some } from './format.js';
import { frameOf, offBy, isEligible } from './shares.js';

// Headings of docs/runbook.md, which is built into the program as it is: browsers look for the text.
const runbook = (heading) => `assets/runbook.md#:~:text=${encodeURIComponent(`## ${heading}`)}`;

const ids = (list) => some(list.map((item) => item.id));

/** Of analyzers: [level, sentence, heading of the runbook] for what holds for some of them. */
function ofAnalyzers(overview) {
	const { analyzers } = overview;
	const said = [];
	const tell = (level, test, text, heading) => {
		const found = analyzers.filter(test);
		if (found.length) said.push([level, text(ids(found), found.length === 1), heading]);
	};
	const [last] = frameOf(overview);
	tell('bad', (a) => a.health === 'down', (who, one) => `${who} ${one ? 'is' : 'are'} down: no node reaches ${one ? 'it' : 'them'}, or the lease ran out`, 'WeirAnalyzerUnreachable');
	tell('bad', (a) => a.breakers?.open > 0, (who) => `the breaker of ${who} is open: what it would get goes to the others`, 'WeirAnalyzerUnreachable');
	tell('bad', (a) => a.breakers?.hanging > 0, (who, one) => `${who} ${one ? 'hangs: it takes deliveries and does' : 'hang: they take deliveries and do'} not answer, so what ${one ? 'it' : 'they'} would get goes to the others`, 'WeirAnalyzerUnreachable');
	tell('warn', (a) => !a.breakers?.open && a.breakers?.half_open > 0, (who) => `the breaker of ${who} is half-open: it is being tried`, 'WeirAnalyzerUnreachable');
	tell('warn', (a) => a.health === 'suspect', (who, one) => `${who}: some workers cannot reach ${one ? 'it' : 'them'}`, 'WeirAnalyzerUnreachable');
	tell('warn', (a) => a.paused_workers > 0 && a.health !== 'down', (who, one) => `${who} ${one ? 'asks' : 'ask'} workers to wait (429 or 503)`, 'WeirSharesOff');
	tell('warn', (a) => a.slow_workers > 0, (who, one) => `${who} ${one ? 'is' : 'are'} slow: ${one ? 'it gets' : 'they get'} less than ${one ? 'its' : 'their'} share, to keep the latency below latency-limit`, 'WeirAnalyzerSlow');
	tell('warn', (a) => a.held_back_ms > 0, (who, one) => `${who} ${one ? 'restarts' : 'restart'} too often and ${one ? 'is' : 'are'} held back`, 'An analyzer gets nothing');
	tell('warn', (a) => offBy(last, last.of(a)) < 0, (who) => `${who} got too little in the last 10 s`, 'WeirSharesOff');
	tell('warn', (a) => offBy(last, last.of(a)) > 0, (who) => `${who} got too much in the last 10 s`, 'WeirSharesOff');
	tell('note', (a) => a.fault, (who) => `a failure of ${who} is simulated`);
	tell('note', (a) => a.state !== 'active', (who, one) => `${who} ${one ? 'is' : 'are'} drained or disabled`, 'An analyzer gets nothing');
	return said;
}

function ofCluster({ nodes, spill, dead, refused_per_s: refused }) {
	const said = [];
	const away = nodes.filter((n) => n.mode === 'away');
	if (away.length) said.push(['bad', `${ids(away)} ${away.length === 1 ? 'is' : 'are'} away from Redis`, 'WeirRedisAway']);
	if (spill.packets > 0)
		said.push(['warn', `${plural(spill.packets, 'packet')} in the spill${spill.packets_per_s ? `, ${signed(spill.packets_per_s, rate)} a second` : ''}`, 'WeirSpills']);
	if (dead.packets_per_s > 0) said.push(['warn', `dead letters grow by ${rate(dead.packets_per_s)} a second`, 'WeirDeadLetters']);
	if (refused >= 0.05) said.push(['warn', `${rate(refused)} requests a second are refused`, 'WeirRefuses']);
	return said;
}

function headline({ analyzers, nodes, windows }, problems) {
	const [last] = windows ?? [];
	const flow = last ? `${rate(last.messages / (last.covered_s || last.seconds))} messages/s` : 'no messages yet';
	if (!analyzers.length) return 'No analyzer is registered: packets go into the spill';
	if (!analyzers.some(isEligible)) return 'No analyzer can take anything: packets go into the spill';
	if (problems) return `${problems === 1 ? 'One thing needs' : `${count(problems)} things need`} a look`;
	return `All is well: ${plural(analyzers.length, 'analyzer')}, ${plural(nodes.length, 'node')}, ${flow}`;
}

const SHAPES = { bad: '■', warn: '▲', note: '●' };

export class Attention {
	constructor() {
		this.section = document.querySelector('.attention');
		this.list = new KeyedList(document.getElementById('attention'), () => {
			const shape = el('i', { class: 'shape', 'aria-hidden': 'true' });
			const text = el('span');
			const link = el('a', { target: '_blank', rel: 'noopener' }, 'what to do');
			const node = el('li', {}, shape, text, link);
			return {
				node,
				update({ level, sentence, heading }) {
					setAttr(node, 'data-level', level);
					setText(shape, SHAPES[level]);
					setText(text, sentence);
					setHidden(link, !heading);
					setAttr(link, 'href', heading && runbook(heading));
					setAttr(link, 'aria-label', `what to do: ${sentence}`);
				},
			};
		});
	}

	update(overview) {
		const said = [...ofAnalyzers(overview), ...ofCluster(overview)];
		const problems = said.filter(([level]) => level !== 'note').length;
		const level = said.some(([l]) => l === 'bad') || !overview.analyzers.some(isEligible) ? 'bad' : problems ? 'warn' : 'ok';
		setText(field('headline'), headline(overview, problems));
		setAttr(this.section, 'data-level', level);
		this.list.update(said.map(([l, sentence, heading], i) => ({ level: l, sentence, heading, i })), (item) => item.i);
		document.title = problems ? `(${problems}) Weir ${overview.pool}` : `Weir ${overview.pool}`;
	}
}
