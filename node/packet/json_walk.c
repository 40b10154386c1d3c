#include "node/packet/json_walk.h"

#include <string.h>

#include "common/json/json_packet.h"

#define COUNTED_DEPTH 2 /* messages are elements of the outermost array, or of one in an object */

struct walk {
	const char *text, *end;
	const uint32_t *last;            /* behind the last token */
	char closes[JSON_MAX_DEPTH + 1]; /* what ends each open container, from 1 on */
	uint32_t n_commas[COUNTED_DEPTH + 1];
	enum json_envelope key; /* at depth 1: of the value; NONE also if it was there before */
	unsigned seen;          /* bits by envelope */
	uint32_t n_fields;      /* at depth 1 */
	enum json_envelope chosen;
	uint32_t n_messages; /* of what is chosen; of the outermost array if that is all */
};

/* ---- what is counted ---- */

static enum json_envelope find_envelope(const char *key, size_t len)
{
	if (len < JSON_ENVELOPE_MIN_NAME || len > JSON_ENVELOPE_MAX_NAME)
		return JSON_ENVELOPE_NONE;
	for (int i = JSON_ENVELOPE_NONE + 1; i < JSON_ENVELOPES; i++)
		if (key[0] == json_envelope_names[i][0] && strlen(json_envelope_names[i]) == len &&
		    memcmp(key, json_envelope_names[i], len) == 0)
			return (enum json_envelope)i;
	return JSON_ENVELOPE_NONE;
}

/* A key of the outermost object: between its first byte and the colon are its closing quote and white
 * space. */
static bool note_key(struct walk *w, const char *key, const char *colon)
{
	enum json_envelope envelope;

	while (colon > key && colon[-1] != '"')
		colon--;
	if (colon == key || memchr(key, '\\', (size_t)(colon - key)))
		return false;
	envelope = find_envelope(key, (size_t)(colon - key) - 1);
	w->n_fields++;
	w->key = w->seen >> envelope & 1 ? JSON_ENVELOPE_NONE : envelope;
	w->seen |= 1u << envelope;
	return !json_envelope_is_nested(w->key);
}

/* An array at depth 2, or its place in an object at depth 1, has ended: "messages" goes before all. */
static void note_array(struct walk *w, uint32_t n_elements)
{
	if (w->key == JSON_ENVELOPE_NONE ||
	    (w->chosen != JSON_ENVELOPE_NONE && w->key != JSON_ENVELOPE_MESSAGES))
		return;
	w->chosen = w->key;
	w->n_messages = n_elements;
}

static void note_end(struct walk *w, unsigned depth)
{
	if (depth == 2 && w->closes[2] == ']' && w->closes[1] == '}')
		note_array(w, w->n_commas[2] + 1);
	else if (depth == 1 && w->closes[1] == ']')
		w->n_messages = w->n_commas[1] + 1;
}

/* 0: there are none. */
static uint32_t count(const struct walk *w)
{
	bool is_envelope = w->chosen > JSON_ENVELOPE_MESSAGES;

	if (w->n_fields == 0 || w->chosen == JSON_ENVELOPE_MESSAGES)
		return w->n_messages;
	if (!is_envelope || (w->n_messages == 0 && w->n_fields > 1))
		return 1;
	return w->n_messages;
}

/* ---- the grammar ---- */

static bool is_scalar(const char *at, const char *end)
{
	struct json_cursor c = { at, end };

	if (json_scan_scalar(&c) != 0)
		return false;
	return c.at == end || *c.at == ',' || *c.at == '}' || *c.at == ']' || *c.at == ' ' ||
	       *c.at == '\n' || *c.at == '\r' || *c.at == '\t';
}

/* All of these take the next token, and return the one behind what they have taken. NULL: it is not JSON. */

static inline const uint32_t *take_key(struct walk *w, const uint32_t *at, unsigned depth)
{
	if (w->last - at < 2 || w->text[at[0]] != '"' || w->text[at[1]] != ':')
		return NULL;
	if (depth == 1 && !note_key(w, w->text + at[0] + 1, w->text + at[1]))
		return NULL;
	return at + 2;
}

/* It was '{' or '['. *depthp is one more, unless the container is empty. */
static inline const uint32_t *open_container(struct walk *w, const uint32_t *at, char close,
					     unsigned *depthp)
{
	unsigned depth = *depthp;

	if (at < w->last && w->text[*at] == close) {
		if (depth == 1 && close == ']' && w->closes[1] == '}')
			note_array(w, 0);
		return at + 1;
	}
	if (depth == JSON_MAX_DEPTH)
		return NULL;
	*depthp = ++depth;
	w->closes[depth] = close;
	if (depth <= COUNTED_DEPTH)
		w->n_commas[depth] = 0;
	return close == '}' ? take_key(w, at, depth) : at;
}

/* Behind a value: what ends here, and all up to the next value. *depthp is 0 at the end of the text. */
static inline const uint32_t *end_value(struct walk *w, const uint32_t *at, unsigned *depthp)
{
	unsigned depth = *depthp;
	char c;

	for (; depth > 0; depth--) {
		if (at == w->last)
			return NULL;
		c = w->text[*at++];
		if (c == ',')
			break;
		if (c != w->closes[depth])
			return NULL;
		note_end(w, depth);
	}
	*depthp = depth;
	if (depth > 0 && depth <= COUNTED_DEPTH)
		w->n_commas[depth]++;
	return depth > 0 && w->closes[depth] == '}' ? take_key(w, at, depth) : at;
}

static bool is_json(struct walk *w, const uint32_t *at)
{
	unsigned depth = 0, before;

	do {
		char c = at < w->last ? w->text[*at++] : '\0';

		before = depth;
		if (c == '{' || c == '[')
			at = open_container(w, at, c == '{' ? '}' : ']', &depth);
		else if (c != '"' && !is_scalar(w->text + at[-1], w->end))
			return false;
		if (at && depth <= before)
			at = end_value(w, at, &depth);
	} while (at && depth > 0);
	return at == w->last;
}

bool json_walk(const char *text, size_t len, const uint32_t *tokens, size_t n_tokens,
	       uint32_t *n_messagesp)
{
	struct walk w = { .text = text, .end = text + len, .last = tokens + n_tokens };
	char first = n_tokens > 0 ? text[tokens[0]] : '\0';

	if ((first != '{' && first != '[') || !is_json(&w, tokens) || !json_scan_escapes(text, len))
		return false;
	*n_messagesp = first == '{' && w.n_fields == 0 ? 1 : count(&w);
	return *n_messagesp > 0;
}
