#ifndef WEIR_FUZZ_FORMAT_PROPERTY_H
#define WEIR_FUZZ_FORMAT_PROPERTY_H
/*
 * What holds for every reader of a format. Whatever it is given, it ends, and within its bounds of
 * memory. What it takes becomes valid JSON that has as many messages as were counted, whether it was
 * written or only counted.
 */
#include <string.h>

#include "common/buf.h"
#include "common/format/format.h"
#include "common/format/format_bulk.h"
#include "common/json/json_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FORMAT_CHECK_MAX (64u << 10)

/* The bytes end where memory ends that may be read. */
static inline void format_check(enum format_id id, const uint8_t *data, size_t len)
{
	static const char query[] = "host=web%201&source=s&sourcetype=\xff&index=i";
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct format_body body = {
		copy, len, { "/shop/_bulk", 11 }, { query, sizeof(query) - 1 }
	};
	struct buf out = { 0 }, items = { 0 };
	struct format_sink sink = { &out, FORMAT_CHECK_MAX, false, 0 }, counting = { 0 };
	struct json_packet packet = { 0 };
	int r;

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	r = format_read(id, &body, &sink);
	assert(out.len <= FORMAT_CHECK_MAX);
	assert(r != 0 || out.len <= format_json_bound(id, &body));
	if (r != FORMAT_E_TOO_LARGE) {
		assert(r == format_read(id, &body, &counting));
		assert(r == FORMAT_E_SYNTAX || counting.n_messages == sink.n_messages);
	}
	if (format_get(id)->is_json)
		assert(out.len == 0);
	if (r == 0) {
		const char *json = format_get(id)->is_json ? body.data : out.data;
		size_t n_json = format_get(id)->is_json ? body.len : out.len;

		assert(json_packet_read(json, n_json, JSON_MAX_DEPTH, &packet) == 0);
		assert(packet.n_messages == sink.n_messages);
	}
	if (r == 0 && id == FORMAT_BULK) {
		buf_append_str(&items, "[");
		assert(format_bulk_items(&body, 7, SIZE_MAX, &items) == 0);
		buf_append_str(&items, "]");
		assert(json_packet_read(items.data, items.len, JSON_MAX_DEPTH, &packet) == 0);
		assert(packet.n_messages == sink.n_messages);
	}
	buf_deinit(&out);
	buf_deinit(&items);
}

#endif
