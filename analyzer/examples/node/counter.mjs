// An analyzer for Weir: registers, takes batches, counts messages, drops duplicates by id, leaves on SIGTERM.
//
//     node counter.mjs ID PORT http://NODE:8081 [WEIGHT]      WEIR_REGISTER_TOKEN: the token for registering
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [id, port, node, weight = '1'] = process.argv.slice(2);
const remembered = 100_000; // packets, by their id
const stats = { packets: 0, messages: 0, duplicates: 0, refused: 0 };
const seen = new Set(); // keeps the order in which ids came

/** What you want to do with a packet. Its status: 2xx it is done, 4xx it can never be, 503 not now. */
function analyze(packet) {
	if (packet.refuse !== undefined) {
		stats.refused++;
		return 422;
	}
	const messages = Array.isArray(packet) ? packet : packet.messages;
	stats.packets++;
	stats.messages += Array.isArray(messages) ? messages.length : 1;
	return 200;
}

/** A packet may come twice, because deliveries may break after the analyzer has taken them. */
function take(packet) {
	if (packet.id !== undefined && seen.has(packet.id)) {
		stats.duplicates++;
		return 200;
	}
	const status = analyze(packet);
	if (packet.id !== undefined && status < 300) {
		seen.add(packet.id);
		if (seen.size > remembered) seen.delete(seen.values().next().value);
	}
	return status;
}

function answer(response, status, value) {
	const body = JSON.stringify(value);
	response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
	response.end(body);
}

const server = createServer(async (request, response) => {
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	if (request.method !== 'POST') return answer(response, 200, stats); // /health, which nodes probe, and /stats
	try {
		const packets = JSON.parse(Buffer.concat(chunks));
		answer(response, 200, { results: packets.map((packet) => ({ status: take(packet) })) });
	} catch (error) {
		answer(response, 400, { error: String(error) });
	}
});
server.keepAliveTimeout = 0; // nodes close idle connections themselves
server.listen(Number(port), '127.0.0.1');
await new Promise((done) => server.once('listening', done));

/** The status and the answer; 0: there was none. */
async function call(method, path, value) {
	const headers = { 'Content-Type': 'application/json' };
	if (process.env.WEIR_REGISTER_TOKEN) headers.Authorization = `Bearer ${process.env.WEIR_REGISTER_TOKEN}`;
	try {
		const options = { method, headers, body: JSON.stringify(value), signal: AbortSignal.timeout(2000) };
		const response = await fetch(`${node}/v1/analyzers/${id}${path}`, options);
		return [response.status, await response.json()];
	} catch {
		return [0, {}];
	}
}

const leaving = new AbortController();
process.on('SIGTERM', () => leaving.abort());
const me = { url: `http://127.0.0.1:${server.address().port}/ingest`, weight: Number(weight), started_ms: Date.now() };
let instance, heartbeat;
while (!leaving.signal.aborted) {
	const [status, lease] = instance
		? await call('POST', '/heartbeat', { instance, processed: stats.messages })
		: await call('PUT', '', me);
	if (status === 200 || status === 201) {
		instance ??= lease.instance;
		heartbeat = lease.heartbeat_ms ?? heartbeat;
	}
	if (status === 404) instance = undefined; // the pool has forgotten it
	if (status === 409 && instance) throw new Error(`another analyzer is ${id}`);
	await sleep(status >= 200 && status < 300 ? heartbeat : 500, undefined, { signal: leaving.signal }).catch(() => {});
}
if (instance) {
	await call('DELETE', '', { instance, processed: stats.messages });
	await sleep(1000); // what is on its way still comes
}
console.log(JSON.stringify(stats));
process.exit(0);
