// The emitter's page: shows /stats once a second, and sends orders.
const EVERY_MS = 1000;
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

const show = (name, text) => { document.querySelector(`[data-field="${name}"]`).textContent = text; };

function time(us) {
	if (us < 1000) return `${us} µs`;
	return us < 1e6 ? `${(us / 1e3).toPrecision(3)} ms` : `${(us / 1e6).toPrecision(3)} s`;
}

function showStatus(state, text) {
	const status = $('status');
	if (status.textContent === text) return; // else a screen reader says it again
	status.dataset.state = state;
	status.textContent = text;
}

function showStats(stats) {
	showStatus(stats.status, stats.status);
	if (document.activeElement !== $('rate')) $('rate').value = stats.rate;
	show('rate-now', number.format(stats.messages_per_s));
	show('sent', number.format(stats.sent.messages));
	show('packets', number.format(stats.sent.packets));
	for (const name of ['accepted', 'refused', 'failed']) show(name, number.format(stats[name].messages));
	show('in-flight', number.format(stats.in_flight));
	show('waiting', number.format(stats.backlog));
	show('p50', stats.accepted.packets ? time(stats.latency_us.p50) : '–');
	show('p99', stats.accepted.packets ? time(stats.latency_us.p99) : '–');
	show('format', stats.format);
}

async function look() {
	try {
		const answer = await fetch('stats', { signal: AbortSignal.timeout(5000) });
		if (!answer.ok) throw new Error(`status ${answer.status}`);
		showStats(await answer.json());
	} catch {
		showStatus('away', 'not reachable');
	}
}

function complain(text) {
	$('said').textContent = text;
	$('said').hidden = !text;
}

async function order(method, path, body) {
	const headers = { 'Content-Type': 'application/json' };
	if ($('token').value) headers.Authorization = `Bearer ${$('token').value}`;
	try {
		const answer = await fetch(path, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(5000) });
		if (answer.status === 401) {
			$('token-line').hidden = false;
			$('token').focus();
		}
		complain(answer.ok ? '' : (await answer.json()).detail ?? `status ${answer.status}`);
	} catch {
		complain('The emitter does not answer.');
	}
	await look();
}

const withRate = (send) => () => { if ($('rate').reportValidity()) send({ rate: $('rate').valueAsNumber }); };
const actions = {
	'set-rate': withRate((body) => order('PATCH', 'rate', body)),
	start: withRate((body) => order('POST', 'start', body)),
	stop: () => order('POST', 'stop', {}),
	generate: () => { if ($('messages').reportValidity()) order('POST', 'generate', { messages: $('messages').valueAsNumber }); },
};

for (const name of ['start', 'stop', 'generate']) $(name).addEventListener('click', actions[name]);
$('orders').addEventListener('submit', (event) => {
	event.preventDefault();
	actions['set-rate']();
});
document.addEventListener('keydown', (event) => {
	if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
	const action = { s: 'start', x: 'stop', g: 'generate' }[event.key];
	if (action) $(action).click();
});

look();
setInterval(look, EVERY_MS);
