// The chart of messages per second over time, stacked by analyzer, with packets per second as a line. What was before
// the page was opened comes from /v1/history; from then on what was routed between overviews is appended.
// The library is loaded when there is something to draw, so that the first paint does not wait for it.

import { el, setText, KeyedList } from './dom.js';
import { rate, timeOfDay, some } from './format.js';
import { open } from './api.js';

const TOP = 12;           // analyzers with a colour; all others are one area
const POINT_MS = 950;
const SPAN_MS = 600000;
const DRAW_MS = 3000;
const GAP_MS = 6000;      // without overviews for so long, the history is asked again
const AGAIN_MS = 120000;  // also when all is well: other nodes may have seen more
const OTHERS = '\u0000others'; // no analyzer has such an id

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

/** rates[i] holds from times[i] to times[i + 1]. */
function meanOver(times, rates, from, to) {
	let sum = 0;
	for (let i = from; i < to; i++) sum += (rates[i] ?? 0) * (times[i + 1] - times[i]);
	return sum / Math.max(1, times[to] - times[from]);
}

/** Points of time, each with packets and messages per second until then. */
class Series {
	constructor() {
		this.points = [];    // { at, packets, by: Map of id -> messages per second }
		this.last = null;    // the overview that the newest point ended with
	}

	/** @param history the body of /v1/history; what is shorter than a second goes with what follows, as its rates say little */
	load({ times_ms: times, packets_per_s: packets, analyzers }) {
		this.points = [];
		this.last = null;
		for (let from = 0, to = 1; to < times.length; to++) {
			if (times[to] - times[from] < POINT_MS && to < times.length - 1) continue;
			const mean = (rates) => meanOver(times, rates, from, to);
			this.points.push({ at: times[to], packets: mean(packets), by: new Map(analyzers.map((a) => [a.id, mean(a.messages_per_s)])) });
			from = to;
		}
	}

	/** Whether there is a new point. */
	add(overview) {
		const before = this.last;
		const ms = before ? overview.now_ms - before.now_ms : 0;
		if (before && ms < DRAW_MS * 0.9) return false;
		this.last = overview;
		if (!before || ms > GAP_MS) return false;
		const was = new Map(before.analyzers.map((a) => [a.id, a]));
		const grown = (a, name) => Math.max(0, (a[name] ?? 0) - (was.get(a.id)?.[name] ?? a[name] ?? 0)) * 1000 / ms;
		this.points.push({
			at: overview.now_ms,
			packets: overview.analyzers.reduce((sum, a) => sum + grown(a, 'delivered_packets'), 0),
			by: new Map(overview.analyzers.map((a) => [a.id, grown(a, 'routed')])),
		});
		while (this.points[0].at < overview.now_ms - SPAN_MS) this.points.shift();
		return true;
	}
}

export class Flow {
	constructor() {
		this.series = new Series();
		this.colours = new Map(); // id -> index, kept while it is among the top
		this.loadedAt = -Infinity;
		this.overviewAt = -Infinity;
		this.summary = document.getElementById('flow-summary');
		this.legend = new KeyedList(document.getElementById('flow-legend'), (id) => this.legendRow(id));
		document.addEventListener('weir-theme', () => this.draw(true));
	}

	/** Called with each overview; draws every 3 s at most, and not where nobody looks: then the history tells it later. */
	add(overview) {
		if (document.hidden && this.overview) return;
		const now = performance.now();
		const gap = now - this.overviewAt > GAP_MS;
		this.overviewAt = now;
		this.overview = overview;
		if (gap || now - this.loadedAt > AGAIN_MS) this.load();
		else if (this.series.add(overview)) this.later();
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
		this.loadedAt = performance.now();
		try {
			const [response, Chart] = await Promise.all([open('v1/history'), loadLibrary()]);
			this.series.load(await response.json());
			this.Chart = Chart;
			this.draw(true);
		} catch {
			this.loadedAt -= AGAIN_MS - 10000; // the rest of the page says what is wrong
		}
	}

	/** The analyzers with most of the messages, those that had a colour first. */
	top() {
		const sums = new Map();
		for (const point of this.series.points)
			for (const [id, value] of point.by) sums.set(id, (sums.get(id) ?? 0) + value);
		for (const a of this.overview.analyzers) if (!sums.has(a.id)) sums.set(a.id, 0);
		const ids = [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, TOP).map(([id]) => id);
		for (const id of this.colours.keys()) if (!ids.includes(id)) this.colours.delete(id);
		const free = Array.from({ length: TOP }, (_, i) => i).filter((i) => ![...this.colours.values()].includes(i));
		for (const id of ids) if (!this.colours.has(id)) this.colours.set(id, free.shift());
		return { ids: ids.sort(), rest: sums.size > ids.length };
	}

	colourOf(id) {
		return css(id === OTHERS ? '--series-others' : `--series-${this.colours.get(id)}`);
	}

	datasets() {
		const { ids, rest } = this.top();
		const { points } = this.series;
		const xy = (of) => points.map((p) => ({ x: p.at, y: of(p) }));
		const area = (id, label, of) => ({ id, label, data: xy(of), fill: true, backgroundColor: this.colourOf(id), borderColor: css('--surface'),
			borderWidth: 1, stack: 'messages', order: 1 });
		const others = (p) => [...p.by].reduce((sum, [id, value]) => sum + (this.colours.has(id) ? 0 : value), 0);
		const sets = ids.map((id) => area(id, id, (p) => p.by.get(id) ?? 0));
		if (rest) sets.push(area(OTHERS, 'others', others));
		return [{ id: null, label: 'packets/s', data: xy((p) => p.packets), yAxisID: 'packets', stack: 'packets', fill: false, order: 0,
			borderColor: css('--ink'), borderWidth: 1.5, borderDash: [4, 3] }, ...sets];
	}

	draw(anew) {
		if (!this.Chart || !this.overview || !this.series.points.length) return;
		const datasets = this.datasets();
		if (anew || !this.chart) {
			this.chart?.destroy();
			this.chart = new this.Chart(document.getElementById('flow'), { type: 'line', data: { datasets }, options: this.options() });
		} else {
			this.chart.data.datasets = datasets;
			Object.assign(this.chart.options.scales.x, this.range());
			this.chart.update('none');
		}
		this.legend.update([...datasets.slice(1).reverse(), datasets[0]].map((set) => ({ key: set.id, label: set.label, now: set.data.at(-1)?.y })), (set) => set.key);
		this.say();
	}

	range() {
		const max = this.series.points.at(-1).at;
		return { min: Math.max(this.series.points[0].at, max - SPAN_MS), max };
	}

	options() {
		const [ink, line] = [css('--quiet'), css('--line')];
		const axis = (title, more) => ({ beginAtZero: true, title: { display: true, text: title, color: ink }, ticks: { color: ink, maxTicksLimit: 6 },
			grid: { color: line }, ...more });
		return {
			animation: false, parsing: false, normalized: true, responsive: true, maintainAspectRatio: false,
			elements: { point: { radius: 0, hitRadius: 6 }, line: { tension: 0 } },
			interaction: { mode: 'index', intersect: false },
			scales: {
				x: { type: 'linear', ...this.range(), grid: { color: line }, ticks: { color: ink, maxTicksLimit: 6, maxRotation: 0, callback: (v) => timeOfDay(v) } },
				y: axis('messages/s', { stacked: true }),
				packets: axis('packets/s', { position: 'right', grid: { drawOnChartArea: false } }),
			},
			plugins: {
				legend: { display: false },
				tooltip: { itemSort: (a, b) => b.parsed.y - a.parsed.y, callbacks: {
					title: (items) => timeOfDay(items[0]?.parsed.x),
					label: (item) => `${item.dataset.label}: ${rate(item.parsed.y)}` } },
			},
		};
	}

	legendRow() {
		const swatch = el('i', { class: 'swatch', 'aria-hidden': 'true' });
		const label = el('span');
		const now = el('b');
		return {
			node: el('li', {}, swatch, label, ' ', now),
			update: ({ key, label: text, now: value }) => {
				swatch.classList.toggle('dashed', key === null);
				if (key !== null) swatch.style.background = this.colourOf(key);
				setText(label, text);
				setText(now, rate(value));
			},
		};
	}

	/** The chart in words. */
	say() {
		const { points } = this.series;
		const totals = points.map((p) => [...p.by.values()].reduce((sum, v) => sum + v, 0));
		const first = timeOfDay(points[0].at), last = totals.at(-1);
		const busiest = [...points.at(-1).by].sort((a, b) => b[1] - a[1]).filter(([, v]) => v > 0).map(([id, v]) => `${id} ${rate(v)}`);
		setText(this.summary, `Since ${first}: ${rate(Math.min(...totals))} to ${rate(Math.max(...totals))} messages/s, now ${rate(last)}` +
			`${busiest.length ? `, most for ${some(busiest)}` : ''}.`);
	}
}
