/* What the reader makes of its input is the same however it was cut into pieces. */
#include "t/unit/common/http/http_transcript.h"

#define MAX_HEAD_BYTES 300
#define MAX_BODY_BYTES 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct http_reader *r)
{
	assert(r->n_body_bytes <= r->max_body_bytes);
	assert(r->n_searched <= r->max_head_bytes && r->n_trailer_bytes <= r->max_head_bytes);
	assert((r->state == HTTP_FAILED) == (r->refusal != HTTP_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole CLEANUP(buf_deinit) = { 0 };
	struct buf pieces CLEANUP(buf_deinit) = { 0 };
	struct http_head head;
	struct http_reader r;
	const char *bytes = (const char *)data + 2;

	if (len < 2)
		return 0;
	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	http_transcript(&whole, &r, bytes, len - 2, len, len);
	check(&r);
	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	http_transcript(&pieces, &r, bytes, len - 2, data[0] + 1, data[1] % 64 + 1);
	check(&r);
	if (whole.len != pieces.len || memcmp(buf_str(&whole), buf_str(&pieces), whole.len) != 0) {
		fprintf(stderr, "whole:  %s\npieces: %s\n", buf_str(&whole), buf_str(&pieces));
		abort();
	}
	return 0;
}
