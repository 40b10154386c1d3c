// JSON as it came: JSON.parse makes 12345678901234567890 end in 000, writes 1.0 as 1, and of two members with one name it
// keeps one. What waits in Redis is shown as its sender wrote it.

const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s"[\]{},:]+|[[\]{},:]/gs;

/** The text of a member of the object that a JSON text is; undefined: there is none. */
export function memberText(text, name) {
	let depth = 0;
	let at = null; // where the value of the wanted member begins
	let key = null;
	for (const { 0: token, index } of text.matchAll(TOKEN)) {
		if (at !== null && depth === 1 && (token === ',' || token === '}')) return text.slice(at, index).trim();
		if (token === '{' || token === '[') depth++;
		else if (token === '}' || token === ']') depth--;
		else if (depth === 1 && token === ':' && at === null && JSON.parse(key) === name) at = index + 1;
		key = token;
	}
	return undefined;
}

/** A line for each value, and each level one space further in. */
export function indented(text) {
	let [out, depth, before] = ['', 0, ''];
	const line = () => `\n${' '.repeat(depth)}`;
	for (const [token] of text.matchAll(TOKEN)) {
		const closes = token === '}' || token === ']';
		const opened = before === '{' || before === '[';
		if (closes) depth--;
		if (before === ',' || opened !== closes) out += line();
		out += token === ':' ? ': ' : token;
		if (token === '{' || token === '[') depth++;
		before = token;
	}
	return out;
}
