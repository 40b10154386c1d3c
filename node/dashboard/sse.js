// The text of server-sent events, as far as a node sends it: event, id, data, comments.

/** Feed it pieces of text; onEvent({ type, id, data }) for each whole event. */
export class SseParser {
	constructor(onEvent) {
		this.onEvent = onEvent;
		this.rest = '';
		this.clear();
	}

	clear() {
		this.type = 'message';
		this.id = null;
		this.data = [];
	}

	feed(text) {
		const lines = (this.rest + text).split('\n');
		this.rest = lines.pop();
		for (const line of lines) this.onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
	}

	onLine(line) {
		if (line === '') return this.onBlank();
		const colon = line.indexOf(':');
		const name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
		if (name === 'event') this.type = value;
		else if (name === 'id') this.id = value;
		else if (name === 'data') this.data.push(value);
	}

	onBlank() {
		const { type, id, data } = this;
		this.clear();
		if (data.length) this.onEvent({ type, id, data: data.join('\n') });
	}
}
