/* JSON lines: a document a line. */
#include "analyzer/sink/sink_form.h"

const struct sink_form lines_form = {
	.content_type = "application/x-ndjson", .max_items = 10000, .separator = "", .end = ""
};

int lines_write(const struct sink_message *m, struct buf *out)
{
	document_append(out, m->message, m->origin, false);
	buf_append(out, "\n", 1);
	return 0;
}
