// Keeps what the page shows up to date: a stream of server-sent events by fetch (an EventSource cannot
// send a token), and polling where streams are refused or do not get through. Reconnects with growing
// pauses. Decides how fresh the figures are:
//
//   connecting  nothing was seen yet
//   live        by the stream
//   polling     by asking, each second
//   stale       nothing for 3 s (longer where the node looks more rarely), or the node has no Redis
//   locked      the node wants a token and nobody gave one
//
// In a hidden tab the stream is given up for a question now and then: browsers allow six connections
// to a host, for all tabs together.

import { open, askToken, hasToken, explain } from './api.js';
import { SseParser } from './sse.js';

const STALE_MS = 3000;
const SILENCE_MS = 5000;      // a stream that says nothing for so long is none
const POLL_MS = 1000;
const HIDDEN_POLL_MS = 10000;
const STREAM_AGAIN_MS = 30000; // while polling
const FAILURES = 3;           // of streams, before polling
const PAUSE_MIN_MS = 250;
const PAUSE_MAX_MS = 2000;

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Live {
	/** on: { overview(object), events(list), state(name, since_ms, why) } */
	constructor(on) {
		this.on = on;
		this.how = 'connecting';
		this.why = '';
		this.everyMs = 1000;   // how often the node looks
		this.freshAt = null;   // when what is shown was true, by performance.now()
		this.redisAway = null; // what the node says of Redis, if it has none
		this.lastEvent = null;
		this.failures = 0;
		this.streamAt = 0;     // when the next stream may be tried
		this.stop = null;
		this.wake = null;
		this.locked = false;
	}

	start() {
		setInterval(() => this.judge(), 500);
		document.addEventListener('visibilitychange', () => this.restart());
		this.run();
	}

	/** Begins anew at once, for instance with a token. */
	restart() {
		this.locked = false;
		this.failures = 0;
		this.streamAt = 0;
		this.stop?.abort(new DOMException('begins anew', 'AbortError'));
		this.wake?.();
	}

	async run() {
		let pause = PAUSE_MIN_MS;
		for (;;) {
			const polls = document.hidden || performance.now() < this.streamAt;
			const began = performance.now();
			try {
				await (polls ? this.poll() : this.stream());
				pause = PAUSE_MIN_MS;
			} catch (error) {
				await this.onError(error, polls);
				pause = performance.now() - began > 10000 ? PAUSE_MIN_MS : Math.min(pause * 2, PAUSE_MAX_MS);
			}
			const wait = polls && pause === PAUSE_MIN_MS ? POLL_MS : pause * (0.75 + Math.random() / 2);
			await this.rest(document.hidden ? HIDDEN_POLL_MS : wait);
		}
	}

	/** Waits, or until restart(). */
	rest(ms) {
		return Promise.race([sleep(ms), new Promise((resolve) => { this.wake = resolve; })]);
	}

	async onError(error, polled) {
		if (error.name === 'AbortError') return;
		if (error.status === 401) {
			await this.unlock(error);
			return;
		}
		this.why = explain(error);
		if (!polled && (error.status || ++this.failures >= FAILURES) && error.name !== 'TypeError')
			this.streamAt = performance.now() + STREAM_AGAIN_MS;
		this.judge();
	}

	async unlock(error) {
		this.locked = true;
		this.why = hasToken() ? error.message : 'this node shows its figures to those who have a token';
		this.judge();
		if (!(await askToken(hasToken() ? error.message : '')))
			await new Promise((resolve) => { this.wake = resolve; });
		this.locked = false;
	}

	async stream() {
		this.stop = new AbortController();
		const headers = { Accept: 'text/event-stream' };
		if (this.lastEvent) headers['Last-Event-ID'] = this.lastEvent;
		const silent = () => this.stop.abort(new DOMException('The stream is silent.', 'TimeoutError'));
		let timer = setTimeout(silent, SILENCE_MS);
		try {
			const response = await open('v1/events', { headers, signal: this.stop.signal });
			if (!response.headers.get('Content-Type')?.startsWith('text/event-stream'))
				throw Object.assign(new Error('The node does not stream.'), { status: 501 });
			const parser = new SseParser((event) => this.onEvent(event));
			const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done) throw new TypeError('The stream has ended.');
				clearTimeout(timer);
				timer = setTimeout(silent, SILENCE_MS);
				parser.feed(value);
			}
		} finally {
			clearTimeout(timer);
			this.stop.abort();
		}
	}

	onEvent({ type, id, data }) {
		if (type === 'overview') {
			this.failures = 0;
			this.onOverview(JSON.parse(data), 'live');
		} else if (type === 'event') {
			if (id) this.lastEvent = id;
			this.tell('events', [JSON.parse(data)]);
		}
	}

	/** A mistake in showing is none of the stream. */
	tell(what, value) {
		try {
			this.on[what](value);
		} catch (error) {
			reportError(error);
		}
	}

	async poll() {
		this.stop = new AbortController();
		const signal = AbortSignal.any([this.stop.signal, AbortSignal.timeout(4000)]);
		const [overview, events] = await Promise.all(['v1/overview', 'v1/events'].map((path) =>
			open(path, { headers: { Accept: 'application/json' }, signal }).then((r) => r.json())));
		this.tell('events', events.events);
		this.onOverview(overview, 'polling');
	}

	onOverview(overview, how) {
		this.redisAway = overview.redis.up ? null : (overview.redis.error || 'it does not answer');
		this.how = how;
		this.why = '';
		this.everyMs = overview.every_ms ?? 1000;
		if (!this.redisAway || this.freshAt === null)
			this.freshAt = performance.now() - (overview.age_ms ?? 0);
		this.tell('overview', overview);
		this.judge();
	}

	judge() {
		const age = this.freshAt === null ? null : performance.now() - this.freshAt;
		if (this.locked) this.on.state('locked', age, this.why);
		else if (age === null) this.on.state('connecting', null, this.why);
		else if (this.redisAway) this.on.state('stale', age, `the node has no Redis: ${this.redisAway}`);
		else if (age > (document.hidden ? 2 * HIDDEN_POLL_MS : Math.max(STALE_MS, 2 * this.everyMs + 1000)))
			this.on.state('stale', age, this.why || 'the node says nothing');
		else this.on.state(this.how, age, '');
	}
}
