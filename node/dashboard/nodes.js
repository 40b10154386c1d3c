// The table of nodes: a row for each live one.

import { el, setText, setAttr, setHidden, field, KeyedList } from './dom.js';
import { drawHead, orderOf } from './heads.js';
import { linkTo, onChange } from './state.js';
import { count, rate, bytes, latency, failed, span, plural } from './format.js';

const MODES = { exact: '◆ exact', leased: '◇ leased', away: '▲ away from Redis' };

const MANY = 20;

const COLUMNS = [
	['mode', 'Mode', '', (n) => MODES[n.mode] ?? n.mode],
	['rate', 'Messages/s', 'right', (n) => rate(n.messages_per_s)],
	['packets', 'Packets/s', 'right', (n) => rate(n.packets_per_s)],
	['connections', 'Connections', 'right', (n) => count(n.connections)],
	['memory', 'Memory', 'right', (n) => (n.held_bytes == null ? '–' : `${bytes(n.held_bytes)} of ${bytes(n.held_max_bytes)}`)],
	['redis', 'Redis', 'right', redisText],
	['latency', 'Deliveries p50, p99', 'right', (n) => (n.p99_ms == null ? '–' : `${latency(n.p50_ms)}, ${latency(n.p99_ms)}`)],
	['failed', 'Failed', 'right', (n) => failed(n.error_ratio)],
	['unreachable', 'Cannot reach', '', (n) => (n.unreachable?.length ? `▲ ${n.unreachable.join(', ')}` : 'reaches all')],
	['uptime', 'Up', 'right', (n) => span(n.uptime_s == null ? null : n.uptime_s * 1000)],
];

const troubled = (n) => (n.mode === 'away' ? 2 : 0) + (n.unreachable?.length || n.redis?.up_workers < n.workers ? 1 : 0);
const byNumber = (of) => (a, b) => (of(b) ?? -1) - (of(a) ?? -1);
const ORDERS = {
	id: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
	trouble: byNumber(troubled),
	rate: byNumber((n) => n.messages_per_s),
	packets: byNumber((n) => n.packets_per_s),
	connections: byNumber((n) => n.connections),
	memory: byNumber((n) => n.held_bytes),
	redis: byNumber((n) => n.redis?.round_trip_ms),
	latency: byNumber((n) => n.p99_ms),
	failed: byNumber((n) => n.error_ratio),
	uptime: byNumber((n) => n.uptime_s),
};

/** The order that was chosen; equal ones by id. */
function orderNow() {
	const [key, reversed] = orderOf('nodes');
	const compare = ORDERS[key] ?? ORDERS.trouble;
	return (a, b) => (reversed ? -compare(a, b) : compare(a, b)) || ORDERS.id(a, b);
}

const keyOf = (name) => (name === 'unreachable' ? 'trouble' : name in ORDERS ? name : null);
const HEADS = [{ label: 'Node', key: 'id', rises: true }, ...COLUMNS.map(([name, label, align]) => ({ label, align, key: keyOf(name) }))];

function redisText(n) {
	if (!n.redis) return '–';
	const missing = n.workers - n.redis.up_workers;
	return missing > 0 ? `▲ away for ${missing} of ${plural(n.workers, 'worker')}` : latency(n.redis.round_trip_ms);
}

function makeRow(id) {
	const sub = el('span', { class: 'quiet sub', 'data-field': 'about' });
	const cells = COLUMNS.map(([name, label, align]) =>
		el('td', { role: 'cell', class: `${align} ${name}`, 'data-label': label }, el('span', { 'data-field': name })));
	const node = el('tr', { role: 'row', 'data-node': id },
		el('th', { role: 'rowheader', scope: 'row', class: 'name' }, el('b', {}, el('a', { 'data-field': 'id', 'data-go': true, href: linkTo({ node: id, analyzer: '' }) }, id)), sub), ...cells);

	function update({ node: n, here }) {
		COLUMNS.forEach(([, , , text], i) => setText(cells[i].firstChild, text(n)));
		setText(sub, `${plural(n.workers, 'worker')}${n.version ? ` · v${n.version}` : ''}${here ? ' · answers this page' : ''}`);
		setAttr(node, 'data-trouble', n.mode === 'away' || n.unreachable?.length ? 'yes' : null);
	}
	return { node, update };
}

export class Nodes {
	constructor() {
		this.table = document.getElementById('nodes');
		const body = el('tbody', { role: 'rowgroup' });
		this.table.append(drawHead(HEADS, 'nodes'), body);
		this.list = new KeyedList(body, makeRow);
		onChange(['nodes', 'node'], () => this.overview && this.update(this.overview));
	}

	update(overview) {
		const { nodes, node: here } = overview;
		this.overview = overview;
		setHidden(this.table, nodes.length === 0);
		setAttr(this.table, 'data-many', nodes.length > MANY);
		setHidden(document.getElementById('no-nodes'), nodes.length > 0);
		setText(field('node-count'), `${nodes.length}`);
		this.list.update([...nodes].sort(orderNow()).map((node) => ({ node, here: node.id === here })), (item) => item.node.id);
	}
}
