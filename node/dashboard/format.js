// Numbers as people read them. null and undefined are "–": not known.

const NONE = '–';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export function count(n) {
	if (n == null) return NONE;
	return Math.abs(n) < 1000 ? String(Math.round(n)) : whole.format(n);
}

/** At most about five characters: 999, 12.3K. */
export function compact(n) {
	if (n == null) return NONE;
	return Math.abs(n) < 10000 ? count(n) : short.format(n);
}

/** Per second. */
export function rate(n) {
	if (n == null) return NONE;
	if (Math.abs(n) < 0.05) return '0';
	return Math.abs(n) < 10 ? n.toFixed(1) : count(n);
}

export function percent(part, digits = 2) {
	return part == null ? NONE : `${(part * 100).toFixed(digits)} %`;
}

/** The part of deliveries that failed; marked where it is not 0.0 %. */
export function failed(ratio) {
	const text = percent(ratio, 1);
	return ratio > 0 && text !== percent(0, 1) ? `▲ ${text}` : text;
}

/** With its sign, always: +3, −3, 0. */
export function signed(n, format = count) {
	if (n == null) return NONE;
	const text = format(Math.abs(n));
	if (/^0(\.0*)?$/.test(text)) return '0';
	return (n < 0 ? '−' : '+') + text;
}

export function latency(ms) {
	if (ms == null) return NONE;
	if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
	return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

const STEPS = [[86400, 'd'], [3600, 'h'], [60, 'min']];

/** A span of time: 0.8 s, 12 s, 3 min, 2 h, 5 d. */
export function span(ms) {
	if (ms == null) return NONE;
	const s = Math.max(0, ms / 1000);
	for (const [seconds, unit] of STEPS)
		if (s >= 2 * seconds) return `${Math.floor(s / seconds)} ${unit}`;
	return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
}

export function bytes(n) {
	if (n == null) return NONE;
	const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
	let i = 0;
	for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
	return `${i > 0 && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const DATE = { year: 'numeric', month: '2-digit', day: '2-digit' };
const clocks = Object.fromEntries([['local', undefined], ['utc', 'UTC']].map(([name, timeZone]) => [name, {
	time: new Intl.DateTimeFormat('en-GB', { ...TIME, timeZone }),
	date: new Intl.DateTimeFormat('sv-SE', { ...DATE, ...TIME, timeZone, timeZoneName: 'short' }),
}]));
let clock = clocks.local;

/** 'local' or 'utc', for all times from now on. */
export function useClock(name) {
	clock = clocks[name];
}

export function timeOfDay(ms) {
	return clock.time.format(ms);
}

/** 2026-11-28 22:14:05 UTC */
export function dateAndTime(ms) {
	return clock.date.format(ms);
}

/** A weight without noise: 0.5, 2, 1000000. */
export function weight(w) {
	return w == null ? NONE : String(+w.toPrecision(6));
}

/** some(['a1', 'a2', 'a3'], 2) -> "a1, a2 and 1 more" */
export function some(names, n = 3) {
	const rest = names.length - n;
	return rest > 0 ? `${names.slice(0, n).join(', ')} and ${rest} more` : names.join(', ');
}

export function plural(n, one, many = `${one}s`) {
	return `${count(n)} ${n === 1 ? one : many}`;
}
