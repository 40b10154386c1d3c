#include "loadgen/source.h"

struct source *source_free(struct source *source)
{
	if (source)
		source->ops->free(source);
	return NULL;
}

int source_write_packet(struct source *source, const char *id, uint64_t ts_ms, struct buf *out,
			uint32_t *n_messagesp)
{
	uint32_t n_wanted = sizes_draw(&source->sizes, &source->rng), n = 0;
	int r = 0;

	source->ts_ms = ts_ms;
	buf_clear(out);
	buf_append_str(out, "{\"id\":\"");
	buf_append_str(out, id);
	buf_append_str(out, "\",\"source\":\"weir-loadgen\",\"messages\":[");
	while (n < n_wanted && !r) {
		r = source->ops->append_message(source, out);
		if (!r && ++n < n_wanted)
			buf_append(out, ",", 1);
	}
	if (r < 0 || !n)
		return r;
	if (r)
		out->len--; /* the comma after the last message that was there */
	buf_append_str(out, "]}");
	*n_messagesp = n;
	return out->failed ? -ENOMEM : 0;
}
