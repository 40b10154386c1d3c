/* A form is one message, each of its fields a string. */
#include <stdlib.h>

#include "common/format/format_query.h"
#include "common/format/format_sink.h"

int format_read_form(const struct format_body *body, struct format_sink *sink)
{
	AUTO_FREE char *decoded = malloc(body->len + 1);
	struct format_slice rest = { body->data, body->len }, name, value;
	bool has_value = false, is_first = true;
	int r;

	if (!decoded)
		return -ENOMEM;
	format_begin(sink);
	r = format_begin_message(sink);
	format_put(sink, "{", 1);
	while (r == 0 && format_query_next(&rest, &name, &value)) {
		has_value |= name.len > 0 && value.data > name.data + name.len;
		if (!is_first)
			format_put(sink, ",", 1);
		is_first = false;
		format_put_text(sink, decoded, format_query_decode(name, decoded));
		format_put(sink, ":", 1);
		format_put_text(sink, decoded, format_query_decode(value, decoded));
	}
	format_put(sink, "}", 1);
	if (r == 0 && !has_value) {
		sink->n_messages = 0;
		return FORMAT_E_SYNTAX;
	}
	return r ? r : format_end(sink);
}
