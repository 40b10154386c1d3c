/* Lines of text: each that is not empty is a message. */
#include <string.h>

#include "common/format/format_query.h"
#include "common/format/format_sink.h"

struct line {
	const char *data;
	size_t len;
};

/* The next line that is not empty; false: there is none. */
static bool next_line(const char **atp, const char *end, struct line *line)
{
	while (*atp < end) {
		const char *start = *atp, *stop = memchr(start, '\n', (size_t)(end - start));

		*atp = stop ? stop + 1 : end;
		if (!stop)
			stop = end;
		if (stop > start && stop[-1] == '\r')
			stop--;
		if (stop > start) {
			*line = (struct line){ start, (size_t)(stop - start) };
			return true;
		}
	}
	return false;
}

int format_read_text(const struct format_body *body, struct format_sink *sink)
{
	const char *at = body->data, *end = at + body->len;
	struct line line;
	int r = 0;

	format_begin(sink);
	while (r == 0 && next_line(&at, end, &line)) {
		r = format_begin_message(sink);
		format_put_str(sink, "{\"message\":");
		format_put_text(sink, line.data, line.len);
		format_put(sink, "}", 1);
	}
	return r ? r : format_end(sink);
}

/* What the query of Splunk's raw endpoint says about all of its lines. */
static void put_metadata(struct format_sink *sink, struct format_slice query)
{
	static const char *const names[] = { "host", "source", "sourcetype", "index" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char value[FORMAT_QUERY_VALUE_MAX];
		size_t len = format_query_get(query, names[i], value);

		if (len == 0)
			continue;
		format_put_str(sink, ",\"");
		format_put_str(sink, names[i]);
		format_put_str(sink, "\":");
		format_put_text(sink, value, len);
	}
}

int format_read_hec_raw(const struct format_body *body, struct format_sink *sink)
{
	const char *at = body->data, *end = at + body->len;
	struct line line;
	int r = 0;

	format_begin(sink);
	while (r == 0 && next_line(&at, end, &line)) {
		r = format_begin_message(sink);
		format_put_str(sink, "{\"event\":");
		format_put_text(sink, line.data, line.len);
		if (sink->out && body->query.len)
			put_metadata(sink, body->query);
		format_put(sink, "}", 1);
	}
	return r ? r : format_end(sink);
}
