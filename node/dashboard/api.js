// Requests to the node that served the page, with the token where one is needed. A token is asked for
// once, kept for as long as the tab lives, and sent in a header alone.

const KEY = 'weir-token';
let token = null;
try { token = sessionStorage.getItem(KEY); } catch { /* storage is forbidden: kept in memory */ }

let ask = async () => null; // (why) -> token, or null: the person would not say
let asking = null;          // one question at a time, whoever wants to know
let onChange = () => {};

/** How the token is asked for, and who wants to know that there is one, or none any more. */
export function useTokens(question, changed) {
	ask = question;
	onChange = changed;
	onChange(token !== null);
}

export function setToken(value) {
	token = value;
	try {
		if (value === null) sessionStorage.removeItem(KEY);
		else sessionStorage.setItem(KEY, value);
	} catch { /* kept in memory */ }
	onChange(value !== null);
}

export function hasToken() {
	return token !== null;
}

/** Asks for a token. Whether there is a new one. */
export async function askToken(why) {
	asking ??= ask(why).finally(() => { asking = null; });
	const given = await asking;
	if (given !== null && given !== token) setToken(given);
	return given !== null;
}

/** An answer that is no success; detail is the sentence that the node says. */
export class Problem extends Error {
	constructor(status, body, response) {
		super(body?.detail ?? `The node answered ${status}.`);
		this.status = status;
		this.code = body?.code ?? null;
		this.retryAfter = Number(response.headers.get('Retry-After')) || null;
	}
}

function send(path, { method = 'GET', body, headers = {}, signal } = {}) {
	const all = { ...headers };
	if (token !== null) all.Authorization = `Bearer ${token}`;
	if (body !== undefined) all['Content-Type'] = 'application/json';
	return fetch(path, { method, headers: all, signal, cache: 'no-store', redirect: 'error',
		credentials: 'omit', body: body === undefined ? undefined : JSON.stringify(body) });
}

/** The response, if it is a success; else a Problem is thrown. No token is asked for. */
export async function open(path, options) {
	const response = await send(path, options);
	if (response.ok) return response;
	throw new Problem(response.status, await response.json().catch(() => null), response);
}

/** Asks for the token when the node wants one; { json, text, etag }, where text is the same as it came. */
export async function call(path, options = {}) {
	for (;;) {
		const used = token;
		try {
			const response = await open(path, { signal: AbortSignal.timeout(15000), ...options });
			const text = await response.text();
			return { json: JSON.parse(text), text, etag: response.headers.get('ETag') };
		} catch (error) {
			if (error.status !== 401) throw error;
			if (used === token && !(await askToken(used === null ? '' : error.message))) throw error;
		}
	}
}

/** What went wrong, for people. */
export function explain(error) {
	if (error instanceof Problem) {
		const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : '';
		return error.message + wait;
	}
	if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'The node did not answer in time.';
	return 'The node cannot be reached.';
}
