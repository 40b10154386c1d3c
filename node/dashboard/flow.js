// The chart: messages per second stacked by analyzer, or their latency, or the part that failed. What was before
// the page was opened comes from /v1/history; the last ten minutes then go on with the overviews.
// The library is loaded when there is something to draw, so that the first paint does not wait for it.

import { el, setText, setHidden, field, KeyedList } from './dom.js';
import { rate, latency, percent, timeOfDay, some, plural } from './format.js';
import { open } from './api.js';
import { get, onChange } from './state.js';
import { Series } from './series.js';
import { eventMarks, eventsNear } from './marks.js';

const TOP = 12;           // analyzers with a colour; all others are one area
const DRAW_MS = 3000;
const GAP_MS = 6000;      // without overviews for so long, the history is asked again
const SETTLES_MS = 6000;  // after Redis was away, nodes settle what they routed meanwhile; the history knows how
const AGAIN_MS = { '10m': 120000, '1h': 60000, '6h': 120000 };
const RANGE_MS = { '10m': 600000, '1h': 3600000, '6h': 21600000 };
const OTHERS = '\u0000others'; // no analyzer has such an id
const MARKS_SAID = 3;     // events in the words at the pointer

/** What each chart shows of a point; `line` is of all analyzers together, drawn dashed. */
const CHARTS = {
	rate: { title: 'Messages per second, by analyzer', unit: 'messages/s', of: 'rate', say: rate,
		line: { label: 'packets/s', of: 'packets', say: rate, axis: 'packets/s' } },
	latency: { title: 'Deliveries: 99 of 100 take at most, by analyzer', unit: 'ms', of: 'p99', say: latency,
		line: { label: 'time to 202, p99', of: 'ack', say: latency } },
	errors: { title: 'Part of the deliveries that failed, by analyzer', unit: '%', of: 'error', say: (v) => percent(v / 100), scale: 100,
		line: { label: 'refused requests/s', of: 'refused', say: rate, axis: 'refused/s' } },
};

let library = null;
function loadLibrary() {
	library ??= new Promise((resolve, reject) => {
		const script = el('script', { src: 'assets/chart.min.js' });
		script.addEventListener('load', () => resolve(globalThis.Chart));
		script.addEventListener('error', () => { library = null; reject(new Error('no chart library')); });
		document.head.append(script);
	});
	return library;
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const known = (value) => (value == null ? NaN : value); // a NaN is a gap

export class Flow {
	/** events() -> those to be marked */
	constructor(events) {
		this.events = events;
		this.series = new Series();
		this.colours = new Map(); // id -> index, kept while it is among the top
		this.loadedAt = -Infinity;
		this.overviewAt = -Infinity;
		this.settledAt = -Infinity; // until then what is new in an overview is no rate
		this.mustLoad = false;
		this.summary = document.getElementById('flow-summary');
		this.legend = new KeyedList(document.getElementById('flow-legend'), (id) => this.legendRow(id));
		document.addEventListener('weir-theme', () => this.draw(true));
		onChange(['range'], () => this.overview && this.load());
		onChange(['chart', 'time', 'analyzer', 'node'], () => this.draw(true));
	}

	/** Called with each overview; draws every 3 s at most, and not where nobody looks: then the history tells it later. */
	add(overview) {
		if (document.hidden && this.overview) return;
		const now = performance.now();
		const gap = now - this.overviewAt > GAP_MS;
		this.overviewAt = now;
		this.overview = overview;
		this.series.addNodes(overview, DRAW_MS);
		if (overview.figures.of === 'node') this.settledAt = now + SETTLES_MS; // of the pool nothing new is known
		if (now < this.settledAt && this.loadedAt > -Infinity) {
			this.mustLoad = true;
			return;
		}
		if (gap || this.mustLoad || now - this.loadedAt > AGAIN_MS[get('range')]) this.load();
		else if (get('range') === '10m' && this.series.add(overview, DRAW_MS)) this.later();
	}

	/** Drawing is a task of its own: clicks come first. */
	later() {
		if (this.waiting) return;
		this.waiting = true;
		setTimeout(() => {
			this.waiting = false;
			this.draw(false);
		});
	}

	async load() {
		const range = get('range');
		this.loadedAt = performance.now();
		this.mustLoad = false;
		try {
			const [response, Chart] = await Promise.all([open(`v1/history?range=${range}`), loadLibrary()]);
			const past = await response.json();
			if (range !== get('range')) return; // another one was chosen meanwhile
			this.series.load(past);
			this.Chart = Chart;
			this.draw(true);
		} catch {
			this.loadedAt -= AGAIN_MS[range] - 10000; // the rest of the page says what is wrong
		}
	}

	/** The points to be drawn: of a node there are those since the page was opened. */
	points() {
		return get('node') ? this.series.nodes : this.series.points;
	}

	/** The analyzers with most of what is shown, those that had a colour first. */
	top(of) {
		const only = get('analyzer') || get('node');
		const sums = new Map();
		for (const point of this.points())
			for (const [id, value] of point.by) sums.set(id, (sums.get(id) ?? 0) + (value[of] ?? 0));
		if (!get('node')) for (const a of this.overview.analyzers) if (!sums.has(a.id)) sums.set(a.id, 0);
		const ids = only ? [only] : [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, TOP).map(([id]) => id);
		for (const id of this.colours.keys()) if (!ids.includes(id)) this.colours.delete(id);
		const free = Array.from({ length: TOP }, (_, i) => i).filter((i) => ![...this.colours.values()].includes(i));
		for (const id of ids) if (!this.colours.has(id)) this.colours.set(id, free.shift());
		return { ids: ids.sort(), rest: !only && sums.size > ids.length };
	}

	colourOf(id) {
		return css(id === OTHERS ? '--series-others' : `--series-${this.colours.get(id)}`);
	}

	datasets() {
		const { of, scale = 1, line, say } = CHARTS[get('chart')];
		const { ids, rest } = this.top(of);
		const points = this.points();
		const xy = (value) => points.map((p) => ({ x: p.at, y: known(value(p)) }));
		const stacked = of === 'rate';
		const series = (id, label, value) => ({ id, label, say, data: xy(value), order: 1, stack: stacked ? 'messages' : id, fill: stacked,
			backgroundColor: this.colourOf(id), borderColor: stacked ? css('--surface') : this.colourOf(id), borderWidth: stacked ? 1 : 2 });
		const sets = ids.map((id) => series(id, id, (p) => { const v = p.by.get(id)?.[of]; return v == null ? null : v * scale; }));
		const others = (p) => [...p.by].reduce((sum, [id, value]) => sum + (this.colours.has(id) ? 0 : value.rate ?? 0), 0);
		if (rest && stacked) sets.push(series(OTHERS, 'others', others));
		if (get('node') || (get('analyzer') && stacked)) return sets;
		return [{ id: null, label: line.label, say: line.say, data: xy((p) => p[line.of]), yAxisID: line.axis ? 'line' : 'y', stack: 'line', fill: false,
			order: 0, borderColor: css('--ink'), borderWidth: 1.5, borderDash: [4, 3] }, ...sets];
	}

	draw(anew) {
		const points = this.points();
		if (!this.Chart || !this.overview || !points.length) return;
		const datasets = this.datasets();
		if (anew || !this.chart) {
			this.chart?.destroy();
			this.chart = new this.Chart(document.getElementById('flow'),
				{ type: 'line', data: { datasets }, options: this.options(datasets), plugins: [eventMarks(this.events)] });
		} else {
			this.chart.data.datasets = datasets;
			Object.assign(this.chart.options.scales.x, this.range());
			this.chart.update('none');
		}
		const latest = (set) => set.data.findLast(({ y }) => !Number.isNaN(y))?.y;
		this.legend.update([...datasets].sort((a, b) => (a.id === null) - (b.id === null) || (a.label < b.label ? 1 : -1))
			.map((set) => ({ key: set.id, label: set.label, text: set.say(latest(set)) })), (set) => set.key);
		this.say(datasets);
	}

	range() {
		const points = this.points();
		const max = points.at(-1).at;
		return { min: Math.max(points[0].at, max - RANGE_MS[get('range')]), max };
	}

	options(datasets) {
		const { unit, line } = CHARTS[get('chart')];
		const [ink, faint] = [css('--quiet'), css('--line')];
		const axis = (title, more) => ({ beginAtZero: true, title: { display: true, text: title, color: ink }, ticks: { color: ink, maxTicksLimit: 6 },
			grid: { color: faint }, ...more });
		const hasLine = datasets.some((set) => set.yAxisID === 'line');
		return {
			animation: false, parsing: false, normalized: true, responsive: true, maintainAspectRatio: false,
			elements: { point: { radius: 0, hitRadius: 6 }, line: { tension: 0 } },
			interaction: { mode: 'index', intersect: false },
			scales: {
				x: { type: 'linear', ...this.range(), grid: { color: faint }, ticks: { color: ink, maxTicksLimit: 6, maxRotation: 0, callback: (v) => timeOfDay(v) } },
				y: axis(unit, { stacked: get('chart') === 'rate' }),
				...(hasLine ? { line: axis(line.axis, { position: 'right', grid: { drawOnChartArea: false } }) } : {}),
			},
			plugins: {
				legend: { display: false },
				tooltip: { itemSort: (a, b) => b.parsed.y - a.parsed.y, callbacks: {
					title: (items) => timeOfDay(items[0]?.parsed.x),
					label: (item) => `${item.dataset.label}: ${item.dataset.say(item.parsed.y)}`,
					footer: (items) => this.eventsAt(items[0]?.parsed.x) } },
			},
		};
	}

	eventsAt(at) {
		const near = eventsNear(this.events(), at, this.points()).map((event) => `${timeOfDay(event.time_ms)} ${event.text}`);
		return near.length > MARKS_SAID ? [...near.slice(0, MARKS_SAID), `and ${plural(near.length - MARKS_SAID, 'more event')}`] : near;
	}

	legendRow() {
		const swatch = el('i', { class: 'swatch', 'aria-hidden': 'true' });
		const label = el('span');
		const now = el('b');
		return {
			node: el('li', {}, swatch, label, ' ', now),
			update: ({ key, label: name, text }) => {
				swatch.classList.toggle('dashed', key === null);
				if (key !== null) swatch.style.background = this.colourOf(key);
				setText(label, name);
				setText(now, text);
			},
		};
	}

	/** The chart in words. */
	say(datasets) {
		const points = this.points();
		const { title, of } = CHARTS[get('chart')];
		const only = get('analyzer') || get('node');
		const first = timeOfDay(points[0].at);
		const marked = this.events().filter((event) => event.time_ms >= points[0].at).length;
		setText(field('flow-title'), only ? title.replace(', by analyzer', `, of ${only}`) : title);
		setHidden(field('flow-note'), !get('node'));
		setText(this.summary, `Since ${first}: ${of === 'rate' ? this.sayRates(points) : this.sayWorst(datasets)}` +
			`${marked ? `; ${plural(marked, 'event')} marked` : ''}.`);
	}

	sayRates(points) {
		const only = get('analyzer') || get('node');
		const sum = (p) => [...p.by].reduce((total, [id, value]) => total + (!only || id === only ? value.rate ?? 0 : 0), 0);
		const totals = points.map(sum);
		const busiest = [...points.at(-1).by].map(([id, { rate: r }]) => [id, r ?? 0]).filter(([, r]) => r > 0)
			.sort((a, b) => b[1] - a[1]).map(([id, r]) => `${id} ${rate(r)}`);
		return `${rate(Math.min(...totals))} to ${rate(Math.max(...totals))} messages/s, now ${rate(totals.at(-1))}` +
			`${busiest.length && !only ? `, most for ${some(busiest)}` : ''}`;
	}

	sayWorst(datasets) {
		const worst = datasets.filter((set) => set.id !== null).map((set) => [set, Math.max(...set.data.map(({ y }) => (Number.isNaN(y) ? -1 : y)))])
			.filter(([, y]) => y >= 0).sort((a, b) => b[1] - a[1]).map(([set, y]) => `${set.label} ${set.say(y)}`);
		return worst.length ? `at worst ${some(worst)}` : 'no deliveries are known';
	}
}
