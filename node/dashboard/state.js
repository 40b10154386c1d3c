// What of the page is in its URL, so that a link shows somebody else the same, and Back goes back.
// Opening an analyzer or a node is a step to go back from; all other choices replace what was there.

// The first of each list is what holds without a word in the URL. null: any text.
const CHOICES = {
	range: ['10m', '1h', '6h'],
	chart: ['rate', 'latency', 'errors'],
	window: ['10s', '1m', '10m', 'all'],
	rows: ['roomy', 'dense'],
	time: ['local', 'utc'],
	sort: null,
	nodes: null, // their order
	filter: null,
	analyzer: null,
	node: null,
};
const WITHOUT = { sort: 'trouble', nodes: 'trouble' };
const PERSONAL = ['rows', 'time']; // kept for the next visit, too

const listeners = []; // { names, run }
let values = {};

function remembered(name) {
	try {
		return PERSONAL.includes(name) ? localStorage.getItem(`weir-${name}`) : null;
	} catch {
		return null; // storage is forbidden
	}
}

function remember(name, value) {
	try {
		localStorage.setItem(`weir-${name}`, value);
	} catch { /* it lasts as long as the page */ }
}

const usual = (name) => CHOICES[name]?.[0] ?? WITHOUT[name] ?? '';
const allowed = (name, value) => value != null && (CHOICES[name] === null || CHOICES[name].includes(value));

function read() {
	const query = new URLSearchParams(location.search);
	for (const name of Object.keys(CHOICES))
		values[name] = [query.get(name), remembered(name), usual(name)].find((value) => allowed(name, value));
}

function tell(before) {
	const changed = Object.keys(CHOICES).filter((name) => values[name] !== before[name]);
	for (const { names, run } of listeners) if (names.some((name) => changed.includes(name))) run();
}

/** The page's URL, with these changes. */
export function linkTo(changes) {
	const before = new URLSearchParams(location.search);
	const query = new URLSearchParams([...before].filter(([name]) => !(name in CHOICES)));
	for (const name of Object.keys(CHOICES)) {
		const value = changes[name] ?? values[name];
		if (value !== usual(name) || (PERSONAL.includes(name) && (name in changes || before.has(name)))) query.set(name, value);
	}
	const text = query.toString();
	return text ? `?${text}` : '.';
}

export const get = (name) => values[name];

/** changes: { name: value }; isStep: Back leads to what was before. */
export function set(changes, isStep = false) {
	const before = { ...values };
	const link = linkTo(changes);
	Object.assign(values, changes);
	for (const name of PERSONAL) if (name in changes) remember(name, changes[name]);
	history[isStep ? 'pushState' : 'replaceState'](null, '', link);
	tell(before);
}

/** run() after one of these has changed. */
export function onChange(names, run) {
	listeners.push({ names, run });
}

/** Follows a link to an analyzer, a node, or the whole pool without loading the page anew; other choices stay. */
function onClick(event) {
	const link = event.target.closest?.('a[data-go]');
	if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	const query = new URL(link.href).searchParams;
	set({ analyzer: query.get('analyzer') ?? '', node: query.get('node') ?? '' }, true);
}

addEventListener('popstate', () => {
	const before = { ...values };
	read();
	tell(before);
});
document.addEventListener('click', onClick);
read();
