#ifndef WEIR_COMMON_FORMAT_SINK_H
#define WEIR_COMMON_FORMAT_SINK_H
/* How the readers write JSON: {"messages":[a,b,c]}. For the readers alone. */
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/format/format_body.h"

/* Levels of JSON that a message may have: it stands in an array in an object. */
#define FORMAT_MESSAGE_DEPTH (256 - 2)

char *format_make_room(struct format_sink *sink, size_t n); /* as format_room, where a buffer is */
/* Room for n more bytes, which the caller writes and counts. NULL: none of them is to be written. */
static inline char *format_room(struct format_sink *sink, size_t n)
{
	struct buf *out = sink->out;

	if (!out || sink->is_full || out->failed || n == 0)
		return NULL;
	if (n > out->capacity - out->len || n > sink->max_bytes || out->len > sink->max_bytes - n)
		return format_make_room(sink, n);
	return out->data + out->len;
}

static inline void format_put(struct format_sink *sink, const char *data, size_t len)
{
	char *to = format_room(sink, len);

	if (!to)
		return;
	memcpy(to, data, len);
	sink->out->len += len;
}

static inline void format_put_str(struct format_sink *sink, const char *text)
{
	format_put(sink, text, strlen(text));
}
/* Any bytes, as a JSON string; what is not UTF-8 becomes U+FFFD. */
void format_put_text(struct format_sink *sink, const char *data, size_t len);
/* Digits. */
void format_put_u64(struct format_sink *sink, uint64_t value);
void format_put_i64(struct format_sink *sink, int64_t value);
/* A number; `names` are the JSON texts for not-a-number, infinity and its negative. */
void format_put_double(struct format_sink *sink, double value, const char *const names[3]);
void format_put_hex(struct format_sink *sink, const char *data, size_t len);

void format_begin(struct format_sink *sink);
/* Counts the message that follows. FORMAT_E_TOO_LARGE: no more fits. */
int format_begin_message(struct format_sink *sink) MUST_CHECK;
/* 0, FORMAT_E_EMPTY, FORMAT_E_TOO_LARGE, -ENOMEM. */
int format_end(struct format_sink *sink) MUST_CHECK;
/* The same without the end of the JSON. */
int format_result(const struct format_sink *sink) MUST_CHECK;

/* For the table of formats. */
int format_read_json(const struct format_body *body, struct format_sink *sink);
int format_read_json_lines(const struct format_body *body, struct format_sink *sink);
int format_read_text(const struct format_body *body, struct format_sink *sink);
int format_read_form(const struct format_body *body, struct format_sink *sink);
int format_read_msgpack(const struct format_body *body, struct format_sink *sink);
int format_read_otlp_json(const struct format_body *body, struct format_sink *sink);
int format_read_otlp_proto(const struct format_body *body, struct format_sink *sink);
int format_read_loki_json(const struct format_body *body, struct format_sink *sink);
int format_read_loki_proto(const struct format_body *body, struct format_sink *sink);
int format_read_objects(const struct format_body *body, struct format_sink *sink);
int format_read_hec_raw(const struct format_body *body, struct format_sink *sink);
int format_read_bulk(const struct format_body *body, struct format_sink *sink);
int format_read_journal(const struct format_body *body, struct format_sink *sink);
int format_read_kafkarest(const struct format_body *body, struct format_sink *sink);
int format_read_syslog(const struct format_body *body, struct format_sink *sink);
int format_read_forward(const struct format_body *body, struct format_sink *sink);

#endif
