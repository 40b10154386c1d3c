/* The formats that are JSON, or documents of JSON behind each other. */
#include "common/json/json_text.h"
#include "loadgen/writer_private.h"

static void put_ts(struct writing *w)
{
	buf_append(w->out, w->ts_text, w->ts_len);
}

static void put_ns(struct writing *w)
{
	put_ts(w);
	put_str(w, "000000");
}

/* 1767323045.678 */
static void put_seconds(struct writing *w)
{
	const char ms[] = { '.', (char)('0' + w->ts_ms / 100 % 10),
			    (char)('0' + w->ts_ms / 10 % 10), (char)('0' + w->ts_ms % 10) };

	put_u64(w->out, w->ts_ms / 1000);
	buf_append(w->out, ms, sizeof(ms));
}

static void put_separator(struct writing *w)
{
	if (w->n)
		put_str(w, ",");
}

static void put_text(struct writing *w, const struct message *m)
{
	if (!m->is_plain) {
		json_text_append(w->out, m->text, m->len);
		return;
	}
	put_str(w, "\"");
	buf_append(w->out, m->text, m->len);
	put_str(w, "\"");
}

/* What follows the brace of a message that is an object. */
static void put_fields(struct writing *w, const struct message *m)
{
	if (m->is_plain) {
		put_str(w, "\"ts\":");
		put_ts(w);
		put_str(w, ",\"msg\":\"");
		buf_append(w->out, m->text, m->len);
		put_str(w, "\"}");
		return;
	}
	put_str(w, "\"message\":");
	json_text_append(w->out, m->text, m->len);
	put_str(w, "}");
}

static void put_object(struct writing *w, const struct message *m)
{
	put_str(w, "{\"id\":\"");
	put_message_id(w, w->out);
	put_str(w, "\",");
	put_fields(w, m);
}

/* ---- json ---- */

void writer_json_begin(struct writing *w)
{
	put_str(w, "{\"id\":\"");
	put_str(w, w->id);
	put_str(w, "\",\"source\":\"" WRITER_NAME "\",\"messages\":[");
}

void writer_json_add(struct writing *w, const struct message *m)
{
	put_str(w, w->n ? ",{" : "{");
	put_fields(w, m);
}

void writer_json_end(struct writing *w)
{
	put_str(w, "]}");
}

/* ---- documents behind each other ---- */

void writer_json_lines_add(struct writing *w, const struct message *m)
{
	put_object(w, m);
	put_str(w, "\n");
}

void writer_hec_add(struct writing *w, const struct message *m)
{
	put_str(w, "{\"time\":");
	put_seconds(w);
	put_str(w, ",\"host\":\"" WRITER_NAME "\",\"event\":");
	put_object(w, m);
	put_str(w, "}\n");
}

void writer_bulk_add(struct writing *w, const struct message *m)
{
	put_str(w, "{\"create\":{\"_index\":\"" WRITER_NAME "\"}}\n");
	put_object(w, m);
	put_str(w, "\n");
}

void writer_gelf_add(struct writing *w, const struct message *m)
{
	put_str(w, "{\"version\":\"1.1\",\"host\":\"" WRITER_NAME "\",\"timestamp\":");
	put_seconds(w);
	put_str(w, ",\"level\":6,\"_message_id\":\"");
	put_message_id(w, w->out);
	put_str(w, "\",\"short_message\":");
	put_text(w, m);
	put_str(w, "}\n");
}

/* ---- kafkarest ---- */

void writer_kafkarest_begin(struct writing *w)
{
	put_str(w, "{\"records\":[");
}

void writer_kafkarest_add(struct writing *w, const struct message *m)
{
	put_separator(w);
	put_str(w, "{\"value\":");
	put_object(w, m);
	put_str(w, "}");
}

void writer_kafkarest_end(struct writing *w)
{
	put_str(w, "]}");
}

/* ---- otlp-json ---- */

void writer_otlp_json_begin(struct writing *w)
{
	put_str(w,
		"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
		"\"value\":{\"stringValue\":\"" WRITER_NAME "\"}}]},\"scopeLogs\":[{\"scope\":{},"
		"\"logRecords\":[");
}

void writer_otlp_json_add(struct writing *w, const struct message *m)
{
	put_separator(w);
	put_str(w, "{\"timeUnixNano\":\"");
	put_ns(w);
	put_str(w, "\",\"severityNumber\":9,\"severityText\":\"INFO\",\"body\":{\"stringValue\":");
	put_text(w, m);
	put_str(w, "},\"attributes\":[{\"key\":\"id\",\"value\":{\"stringValue\":\"");
	put_message_id(w, w->out);
	put_str(w, "\"}}]}");
}

void writer_otlp_json_end(struct writing *w)
{
	put_str(w, "]}]}]}");
}

/* ---- loki-json ---- */

void writer_loki_json_begin(struct writing *w)
{
	put_str(w, "{\"streams\":[{\"stream\":{\"job\":\"" WRITER_NAME "\"},\"values\":[");
}

void writer_loki_json_add(struct writing *w, const struct message *m)
{
	put_separator(w);
	put_str(w, "[\"");
	put_ns(w);
	put_str(w, "\",");
	buf_clear(&w->scratch);
	put_line(w, &w->scratch, m);
	put_text(w, &(struct message){ w->scratch.data, w->scratch.len, m->is_plain });
	put_str(w, "]");
}

void writer_loki_json_end(struct writing *w)
{
	put_str(w, "]}]}");
}
