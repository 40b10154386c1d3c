#include "common/json/json_scan.h"

#include <stdint.h>
#include <string.h>

#include "common/json/json_plain.h"

static char peek(const struct json_cursor *c)
{
	return c->at < c->end ? *c->at : '\0';
}

/* At the end of the bytes: '\0', which no rule of JSON accepts outside of a string. */
static char next(struct json_cursor *c)
{
	return c->at < c->end ? *c->at++ : '\0';
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static int hex_value(char ch)
{
	if (is_digit(ch))
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* The code unit of the four hex digits at p, -1 if they are none. */
static int hex4_value(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Length of the escape at p, 0: not one. Unpaired surrogates pass, as the grammar lets them. */
static size_t escape_len(const char *p, size_t n_left)
{
	static const uint8_t lens[256] = { ['"'] = 2, ['\\'] = 2, ['/'] = 2, ['b'] = 2, ['f'] = 2,
					   ['n'] = 2, ['r'] = 2,  ['t'] = 2, ['u'] = 6 };
	size_t len = n_left < 2 ? 0 : lens[(unsigned char)p[1]];

	if (len <= 2)
		return len;
	return n_left >= len && hex4_value(p + 2) >= 0 ? len : 0;
}

/* Length of the character of two to four bytes at p (Unicode 15, table 3-7), 0: not one. */
static size_t utf8_len(const char *text, size_t n_left)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (len == 0 || len > n_left || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Characters of several bytes, which come in runs. False: not UTF-8, or a control character. */
static bool scan_letters(struct json_cursor *c)
{
	do {
		size_t len = utf8_len(c->at, (size_t)(c->end - c->at));

		if (len == 0)
			return false;
		c->at += len;
	} while (c->at < c->end && (unsigned char)*c->at >= 0x80);
	return true;
}

static bool scan_escape(struct json_cursor *c)
{
	size_t len = escape_len(c->at, (size_t)(c->end - c->at));

	c->at += len;
	return len > 0;
}

int json_scan_string(struct json_cursor *c, struct json_slice *text)
{
	const char *start = ++c->at;

	for (;;) {
		c->at = json_plain_end(c->at, c->end);
		if (c->at == c->end)
			return JSON_SCAN_E_SYNTAX;
		if (*c->at == '"')
			break;
		if (*c->at == '\\' ? !scan_escape(c) : !scan_letters(c))
			return JSON_SCAN_E_SYNTAX;
	}
	*text = (struct json_slice){ start, (size_t)(c->at - start) };
	c->at++;
	return 0;
}

void json_scan_space(struct json_cursor *c)
{
	while (c->at < c->end &&
	       (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
		c->at++;
}

static bool scan_digits(struct json_cursor *c)
{
	const char *start = c->at;

	while (is_digit(peek(c)))
		c->at++;
	return c->at > start;
}

static int scan_number(struct json_cursor *c)
{
	if (peek(c) == '-')
		c->at++;
	if (peek(c) == '0')
		c->at++;
	else if (!scan_digits(c))
		return JSON_SCAN_E_SYNTAX;
	if (peek(c) == '.') {
		c->at++;
		if (!scan_digits(c))
			return JSON_SCAN_E_SYNTAX;
	}
	if ((peek(c) | 0x20) == 'e') {
		c->at++;
		if (peek(c) == '+' || peek(c) == '-')
			c->at++;
		if (!scan_digits(c))
			return JSON_SCAN_E_SYNTAX;
	}
	return 0;
}

static int scan_word(struct json_cursor *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
		return JSON_SCAN_E_SYNTAX;
	c->at += len;
	return 0;
}

/* Behind an element: *overp tells whether the container ended. */
static int scan_separator(struct json_cursor *c, char close, bool *overp)
{
	char ch;

	json_scan_space(c);
	ch = next(c);
	*overp = ch == close;
	if (ch != close && ch != ',')
		return JSON_SCAN_E_SYNTAX;
	if (ch == ',')
		json_scan_space(c);
	return 0;
}

/* The cursor is at '[' or '{'. Whether the container is empty; then it is scanned. */
static bool scan_empty(struct json_cursor *c, char close)
{
	c->at++;
	json_scan_space(c);
	if (peek(c) != close)
		return false;
	c->at++;
	return true;
}

static int scan_key(struct json_cursor *c, struct json_slice *key)
{
	if (peek(c) != '"' || json_scan_string(c, key))
		return JSON_SCAN_E_SYNTAX;
	json_scan_space(c);
	if (next(c) != ':')
		return JSON_SCAN_E_SYNTAX;
	json_scan_space(c);
	return 0;
}

int json_scan_array(struct json_cursor *c, unsigned depth, json_element_fn fn, void *arg,
		    size_t *n_elementsp)
{
	bool is_over = scan_empty(c, ']');
	int r = 0;

	*n_elementsp = 0;
	if (!is_over && depth == 0)
		return JSON_SCAN_E_SYNTAX;
	while (r == 0 && !is_over) {
		r = fn ? fn(c, depth - 1, arg) : json_scan_value(c, depth - 1);
		*n_elementsp += r == 0;
		if (r == 0)
			r = scan_separator(c, ']', &is_over);
	}
	return r;
}

int json_scan_object(struct json_cursor *c, unsigned depth, json_member_fn fn, void *arg)
{
	bool is_over = scan_empty(c, '}');
	struct json_slice key;
	int r = 0;

	if (!is_over && depth == 0)
		return JSON_SCAN_E_SYNTAX;
	while (r == 0 && !is_over) {
		r = scan_key(c, &key);
		if (r == 0)
			r = fn ? fn(c, depth - 1, &key, arg) : json_scan_value(c, depth - 1);
		if (r == 0)
			r = scan_separator(c, '}', &is_over);
	}
	return r;
}

int json_scan_scalar(struct json_cursor *c)
{
	struct json_slice text;

	switch (peek(c)) {
	case '"':
		return json_scan_string(c, &text);
	case 't':
		return scan_word(c, "true");
	case 'f':
		return scan_word(c, "false");
	case 'n':
		return scan_word(c, "null");
	default:
		return scan_number(c);
	}
}

/* The containers that are open around the cursor. */
struct nesting {
	unsigned n;
	char closes[JSON_BATCH_MAX_DEPTH]; /* what ends each of them */
};

/* At a value, which is scanned, or begins: then its first element is next. */
static int begin_value(struct json_cursor *c, struct nesting *open, unsigned depth, bool *endedp)
{
	struct json_slice key;
	char close = peek(c) == '[' ? ']' : '}';

	*endedp = true;
	if (peek(c) != '[' && peek(c) != '{')
		return json_scan_scalar(c);
	if (scan_empty(c, close))
		return 0;
	if (open->n == depth)
		return JSON_SCAN_E_SYNTAX;
	open->closes[open->n++] = close;
	*endedp = false;
	return close == '}' ? scan_key(c, &key) : 0;
}

/* Behind a value: ends the containers that end here, up to the next element. */
static int end_value(struct json_cursor *c, struct nesting *open)
{
	struct json_slice key;
	bool is_over = true;
	int r = 0;

	while (r == 0 && open->n > 0 && is_over) {
		r = scan_separator(c, open->closes[open->n - 1], &is_over);
		open->n -= is_over;
	}
	if (r == 0 && open->n > 0 && open->closes[open->n - 1] == '}')
		r = scan_key(c, &key);
	return r;
}

int json_scan_value(struct json_cursor *c, unsigned depth)
{
	struct nesting open;
	bool has_ended;
	int r;

	assert(depth <= JSON_BATCH_MAX_DEPTH);
	open.n = 0;
	do {
		r = begin_value(c, &open, depth, &has_ended);
		if (r == 0 && has_ended)
			r = end_value(c, &open);
	} while (r == 0 && open.n > 0);
	return r;
}

int json_scan_document(const char *data, size_t len, unsigned depth)
{
	struct json_cursor c = { data, data + len };
	int r;

	json_scan_space(&c);
	r = json_scan_value(&c, depth);
	json_scan_space(&c);
	return r == 0 && c.at == c.end ? 0 : JSON_SCAN_E_SYNTAX;
}

#define MANY 64 /* bytes looked at together: a bit for each */

/* Which of the MANY bytes at `at` are backslashes. */
static uint64_t find_backslashes(const char *at)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < MANY; i += sizeof(json_block)) {
		json_block block;

		memcpy(&block, at + i, sizeof(block));
		bits |= (uint64_t)json_block_bits(block == '\\') << i;
	}
	return bits;
}

/*
 * The escapes that begin in MANY bytes. They are found together, for one at a time each would wait for the one
 * before it. The byte behind a backslash belongs to it, also where that is the first one of the next bytes.
 */
static bool scan_many_escapes(struct json_cursor *c)
{
	uint64_t bits = find_backslashes(c->at);
	const char *at = c->at;

	c->at += MANY;
	while (bits) {
		const char *escape = at + __builtin_ctzll(bits);

		if (!escape_len(escape, (size_t)(c->end - escape)))
			return false;
		bits &= ~(3ull << (escape - at));
		c->at += escape == at + MANY - 1;
	}
	return true;
}

bool json_scan_escapes(const char *data, size_t len)
{
	struct json_cursor c = { len ? memchr(data, '\\', len) : NULL, data + len };

	while (c.at && c.end - c.at >= MANY)
		if (!scan_many_escapes(&c))
			return false;
	while (c.at && c.at < c.end && (c.at = memchr(c.at, '\\', (size_t)(c.end - c.at))))
		if (!scan_escape(&c))
			return false;
	return true;
}

bool json_slice_is(const struct json_slice *slice, const char *word)
{
	const char *p = slice->data, *end = p + slice->len;

	while (p < end && *word) {
		int ch = (unsigned char)*p++;

		if (ch == '\\' && *p == 'u') {
			ch = hex4_value(p + 1);
			p += 5;
		} else if (ch == '\\') {
			return false; /* no word we look for needs another escape */
		}
		if (ch != (unsigned char)*word++)
			return false;
	}
	return p == end && *word == '\0';
}
