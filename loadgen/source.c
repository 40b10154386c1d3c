#include "loadgen/source.h"

struct source *source_free(struct source *source)
{
	if (source)
		source->ops->free(source);
	return NULL;
}

int source_write_packet(struct source *source, const struct writer *writer, struct writing *writing,
			const char *id, uint64_t ts_ms, struct buf *out, uint32_t *n_messagesp)
{
	uint32_t n_wanted = sizes_draw(&source->sizes, &source->rng), n = 0;
	struct message m;
	int r = 0;

	if (source->at_most && n_wanted > source->at_most)
		n_wanted = (uint32_t)source->at_most;
	if (writer->has_one_message)
		n_wanted = 1;
	writer_begin(writer, writing, out, id, ts_ms);
	while (n < n_wanted && (r = source->ops->next(source, &m)) == 0) {
		writer_add(writer, writing, &m);
		n++;
	}
	if (r < 0 || !n)
		return r;
	*n_messagesp = n;
	return writer_end(writer, writing);
}
