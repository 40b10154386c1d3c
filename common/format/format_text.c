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
static const char *const metadata_names[] = { "host", "source", "sourcetype", "index" };

struct metadata {
	size_t len; /* 0: it is not said */
	char value[FORMAT_QUERY_VALUE_MAX];
};

/* Once for all lines: a long query and many lines would hold up the worker. */
static void read_metadata(struct format_slice query, struct metadata *list)
{
	for (size_t i = 0; i < ARRAY_LEN(metadata_names); i++)
		list[i].len = format_query_get(query, metadata_names[i], list[i].value);
}

static void put_metadata(struct format_sink *sink, const struct metadata *list)
{
	for (size_t i = 0; i < ARRAY_LEN(metadata_names); i++) {
		if (list[i].len == 0)
			continue;
		format_put_str(sink, ",\"");
		format_put_str(sink, metadata_names[i]);
		format_put_str(sink, "\":");
		format_put_text(sink, list[i].value, list[i].len);
	}
}

int format_read_hec_raw(const struct format_body *body, struct format_sink *sink)
{
	const char *at = body->data, *end = at + body->len;
	struct metadata metadata[ARRAY_LEN(metadata_names)];
	struct line line;
	int r = 0;

	if (sink->out)
		read_metadata(body->query, metadata);
	format_begin(sink);
	while (r == 0 && next_line(&at, end, &line)) {
		r = format_begin_message(sink);
		format_put_str(sink, "{\"event\":");
		format_put_text(sink, line.data, line.len);
		if (sink->out)
			put_metadata(sink, metadata);
		format_put(sink, "}", 1);
	}
	return r ? r : format_end(sink);
}
