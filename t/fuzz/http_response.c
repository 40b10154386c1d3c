/* What the reader makes of an answer is the same however it was cut into pieces. */
#include <stdio.h>
#include <string.h>

#include "common/http/http_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* In pieces of n_first bytes, then of n_each; the bytes it used. */
static size_t read_all(struct http_response *r, const char *data, size_t len, size_t n_first,
		       size_t n_each)
{
	size_t at = 0, n = n_first;

	http_response_init(r);
	while (at < len && r->state != HTTP_RESPONSE_DONE && r->state != HTTP_RESPONSE_BAD) {
		size_t n_now = n < len - at ? n : len - at, n_used;

		n_used = http_response_feed(r, data + at, n_now);
		assert(n_used <= n_now);
		assert(n_used == n_now || r->state == HTTP_RESPONSE_DONE ||
		       r->state == HTTP_RESPONSE_BAD);
		assert(r->line_len <= sizeof(r->line));
		assert(r->n_head_bytes <= 2 * HTTP_RESPONSE_MAX_HEAD);
		at += n_used;
		n = n_each;
	}
	return at;
}

static bool same(const struct http_response *a, const struct http_response *b)
{
	if (a->state != b->state || a->any != b->any)
		return false;
	return a->state != HTTP_RESPONSE_DONE ||
	       (a->status == b->status && a->keep_alive == b->keep_alive &&
		a->retry_after_s == b->retry_after_s && a->status >= 200 && a->status <= 599);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data + 2;
	struct http_response whole, pieces;
	size_t n_whole, n_pieces;

	if (len < 2)
		return 0;
	n_whole = read_all(&whole, bytes, len - 2, len, len);
	n_pieces = read_all(&pieces, bytes, len - 2, data[0] + 1u, data[1] % 64 + 1u);
	if (!same(&whole, &pieces) || (whole.state == HTTP_RESPONSE_DONE && n_whole != n_pieces))
		abort();
	http_response_end(&whole);
	http_response_end(&pieces);
	if (!same(&whole, &pieces))
		abort();
	return 0;
}
