/* OTLP/JSON as protobuf: it is not longer than the JSON, and is read again. */
#include <stdlib.h>

#include "common/buf.h"
#include "common/format/format.h"
#include "common/format/otlp_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *json = (const char *)data;
	char *room = malloc(len + 1);
	struct protobuf_out out = { .data = room, .size = len };
	struct buf back = { 0 };
	struct format_sink sink = { .out = &back, .max_bytes = SIZE_MAX / 2 };
	int r;

	if (!room)
		return 0;
	(void)otlp_write_may_be(json, len);
	if (otlp_write_proto(json, len, &out) == 0) {
		struct format_body body = { .data = out.data, .len = out.len };

		if (out.is_full || out.len > len)
			abort();
		r = format_read(FORMAT_OTLP_PROTO, &body, &sink);
		if (r != 0 && r != FORMAT_E_EMPTY && r != -ENOMEM)
			abort();
	}
	buf_deinit(&back);
	free(room);
	return 0;
}
