/* MessagePack as Fluent Bit sends it, and the protobufs of OTLP and of Loki. */
#include "loadgen/writer_private.h"

/* ---- msgpack ---- */

static void put_be(struct buf *out, uint64_t value, unsigned n_bytes)
{
	char bytes[8];

	for (unsigned i = 0; i < n_bytes; i++)
		bytes[i] = (char)(value >> 8 * (n_bytes - 1 - i));
	buf_append(out, bytes, n_bytes);
}

static void put_msgpack_text(struct buf *out, const char *text, size_t len)
{
	if (len < 32) {
		put_be(out, 0xa0 | len, 1);
	} else if (len <= UINT8_MAX) {
		put_be(out, 0xd9, 1);
		put_be(out, len, 1);
	} else if (len <= UINT16_MAX) {
		put_be(out, 0xda, 1);
		put_be(out, len, 2);
	} else {
		put_be(out, 0xdb, 1);
		put_be(out, len, 4);
	}
	buf_append(out, text, len);
}

/* [[EventTime, {}], {"id":..., "msg":...}] */
void writer_msgpack_add(struct writing *w, const struct message *m)
{
	buf_append(w->out, "\x92\x92\xd7\x00", 4);
	put_be(w->out, w->ts_ms / 1000, 4);
	put_be(w->out, w->ts_ms % 1000 * 1000000, 4);
	buf_append(w->out, "\x80\x82\xa2id", 5);
	buf_clear(&w->scratch);
	put_message_id(w, &w->scratch);
	put_msgpack_text(w->out, w->scratch.data, w->scratch.len);
	put_msgpack_text(w->out, "msg", 3);
	put_msgpack_text(w->out, m->text, m->len);
}

/* ---- protobuf ---- */

#define FIELD_VARINT(number) ((number) << 3)
#define FIELD_FIXED64(number) ((number) << 3 | 1)
#define FIELD_BYTES(number) ((number) << 3 | 2)
#define MAX_VARINT 10

static size_t varint_size(uint64_t value)
{
	size_t n = 1;

	while (value >>= 7)
		n++;
	return n;
}

static void put_varint(struct buf *out, uint64_t value)
{
	char bytes[MAX_VARINT];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (char)(value | 0x80);
	bytes[n++] = (char)value;
	buf_append(out, bytes, n);
}

/* The head of a field of bytes, all field numbers are below 16. */
static void put_head(struct buf *out, unsigned number, size_t len)
{
	put_varint(out, FIELD_BYTES(number));
	put_varint(out, len);
}

static size_t field_size(size_t len)
{
	return 1 + varint_size(len) + len;
}

static void put_bytes(struct buf *out, unsigned number, const char *text, size_t len)
{
	put_head(out, number, len);
	buf_append(out, text, len);
}

/* ---- otlp-proto: logs.proto, v1 ---- */

enum { REQUEST_RESOURCE_LOGS = 1, RESOURCE_LOGS_SCOPE_LOGS = 2, SCOPE_LOGS_RECORDS = 2 };
enum { RECORD_TIME = 1, RECORD_SEVERITY = 2, RECORD_BODY = 5, RECORD_ATTRIBUTES = 6 };
enum { KEY_VALUE_KEY = 1, KEY_VALUE_VALUE = 2, ANY_VALUE_STRING = 1 };
#define TIME_SIZE 9
#define SEVERITY_SIZE 2
#define SEVERITY_INFO 9

void writer_otlp_proto_begin(struct writing *w UNUSED)
{
}

static void put_fixed64(struct buf *out, unsigned number, uint64_t value)
{
	char bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(value >> 8 * i);
	put_varint(out, FIELD_FIXED64(number));
	buf_append(out, bytes, sizeof(bytes));
}

/* The scratch has records; `out` the id of the one that is written. */
void writer_otlp_proto_add(struct writing *w, const struct message *m)
{
	struct buf *to = &w->scratch;
	size_t n_body = field_size(m->len), n_id, n_attribute;

	buf_clear(w->out);
	put_message_id(w, w->out);
	to->failed |= w->out->failed;
	n_id = field_size(w->out->len);
	n_attribute = field_size(strlen("id")) + field_size(n_id);
	put_head(to, SCOPE_LOGS_RECORDS,
		 TIME_SIZE + SEVERITY_SIZE + field_size(n_body) + field_size(n_attribute));
	put_fixed64(to, RECORD_TIME, w->ts_ms * 1000000);
	put_varint(to, FIELD_VARINT(RECORD_SEVERITY));
	put_varint(to, SEVERITY_INFO);
	put_head(to, RECORD_BODY, n_body);
	put_bytes(to, ANY_VALUE_STRING, m->text, m->len);
	put_head(to, RECORD_ATTRIBUTES, n_attribute);
	put_bytes(to, KEY_VALUE_KEY, "id", strlen("id"));
	put_head(to, KEY_VALUE_VALUE, n_id);
	put_bytes(to, ANY_VALUE_STRING, w->out->data, w->out->len);
}

void writer_otlp_proto_end(struct writing *w)
{
	buf_clear(w->out);
	put_head(w->out, REQUEST_RESOURCE_LOGS, field_size(w->scratch.len));
	put_bytes(w->out, RESOURCE_LOGS_SCOPE_LOGS, w->scratch.data, w->scratch.len);
}

/* ---- loki-proto: logproto's PushRequest ---- */

enum { REQUEST_STREAMS = 1, STREAM_LABELS = 1, STREAM_ENTRIES = 2 };
enum { ENTRY_TIME = 1, ENTRY_LINE = 2, TIME_SECONDS = 1, TIME_NANOS = 2 };
static const char labels[] = "{job=\"" WRITER_NAME "\"}";

void writer_loki_proto_begin(struct writing *w)
{
	put_bytes(&w->scratch, STREAM_LABELS, labels, strlen(labels));
}

void writer_loki_proto_add(struct writing *w, const struct message *m)
{
	struct buf *to = &w->scratch;
	uint64_t seconds = w->ts_ms / 1000, nanos = w->ts_ms % 1000 * 1000000;
	size_t n_time = 1 + varint_size(seconds) + 1 + varint_size(nanos);

	buf_clear(w->out);
	put_line(w, w->out, m);
	to->failed |= w->out->failed;
	put_head(to, STREAM_ENTRIES, field_size(n_time) + field_size(w->out->len));
	put_head(to, ENTRY_TIME, n_time);
	put_varint(to, FIELD_VARINT(TIME_SECONDS));
	put_varint(to, seconds);
	put_varint(to, FIELD_VARINT(TIME_NANOS));
	put_varint(to, nanos);
	put_bytes(to, ENTRY_LINE, w->out->data, w->out->len);
}

void writer_loki_proto_end(struct writing *w)
{
	buf_clear(w->out);
	put_bytes(w->out, REQUEST_STREAMS, w->scratch.data, w->scratch.len);
}
