#include "loadgen/writer_private.h"

#include <stdio.h>

#define WRITES(name) writer_##name##_begin, writer_##name##_add, writer_##name##_end
#define ADDS(name) writer_nothing, writer_##name##_add, writer_nothing

static const struct writer writers[] = {
	[FORMAT_JSON] = { "/ingest", false, false, WRITES(json) },
	[FORMAT_JSON_LINES] = { "/ingest", false, false, ADDS(json_lines) },
	[FORMAT_TEXT] = { "/ingest", false, false, ADDS(text) },
	[FORMAT_FORM] = { "/ingest", true, false, ADDS(form) },
	[FORMAT_MSGPACK] = { "/ingest", false, false, ADDS(msgpack) },
	[FORMAT_OTLP_JSON] = { "/v1/logs", false, false, WRITES(otlp_json) },
	[FORMAT_OTLP_PROTO] = { "/v1/logs", false, false, WRITES(otlp_proto) },
	[FORMAT_LOKI_JSON] = { "/loki/api/v1/push", false, false, WRITES(loki_json) },
	[FORMAT_LOKI_PROTO] = { "/loki/api/v1/push", false, true, WRITES(loki_proto) },
	[FORMAT_HEC] = { "/services/collector/event", false, false, ADDS(hec) },
	[FORMAT_HEC_RAW] = { "/services/collector/raw?host=" WRITER_NAME, false, false,
			     ADDS(text) },
	[FORMAT_BULK] = { "/_bulk", false, false, ADDS(bulk) },
	[FORMAT_GELF] = { "/gelf", false, false, ADDS(gelf) },
	[FORMAT_JOURNAL] = { "/upload", false, false, ADDS(journal) },
	[FORMAT_KAFKAREST] = { "/topics/" WRITER_NAME, false, false, WRITES(kafkarest) },
	[FORMAT_SYSLOG] = { NULL, false, false, ADDS(syslog) },
	[FORMAT_FORWARD] = { NULL, false, false, ADDS(msgpack) },
};
static_assert(ARRAY_LEN(writers) == FORMATS_OF_PACKETS, "every format has a writer");

const struct writer *writer_get(enum format_id format)
{
	assert(format < FORMATS_OF_PACKETS);
	return &writers[format];
}

void writer_begin(const struct writer *writer, struct writing *w, struct buf *out, const char *id,
		  uint64_t ts_ms)
{
	if (!w->ts_len || w->ts_ms != ts_ms)
		w->ts_len = (size_t)snprintf(w->ts_text, sizeof(w->ts_text), "%llu",
					     (unsigned long long)ts_ms);
	w->ts_ms = ts_ms;
	w->out = out;
	w->id = id;
	w->n = 0;
	buf_clear(out);
	buf_clear(&w->scratch);
	writer->begin(w);
}

void writer_add(const struct writer *writer, struct writing *w, const struct message *m)
{
	writer->add(w, m);
	w->n++;
}

int writer_end(const struct writer *writer, struct writing *w)
{
	writer->end(w);
	return w->out->failed || w->scratch.failed ? -ENOMEM : 0;
}

void writing_deinit(struct writing *w)
{
	buf_deinit(&w->scratch);
}

void writer_nothing(struct writing *w UNUSED)
{
}

/* ---- shared ---- */

void put_str(struct writing *w, const char *text)
{
	buf_append_str(w->out, text);
}

void put_u64(struct buf *out, uint64_t value)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	buf_append(out, at, (size_t)(digits + sizeof(digits) - at));
}

void put_message_id(struct writing *w, struct buf *out)
{
	buf_append_str(out, w->id);
	buf_append(out, "/", 1);
	put_u64(out, w->n);
}

void put_line(struct writing *w, struct buf *out, const struct message *m)
{
	put_message_id(w, out);
	buf_append(out, " ", 1);
	buf_append(out, m->text, m->len);
}
