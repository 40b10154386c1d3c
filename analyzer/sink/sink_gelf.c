/*
 * GELF 1.1: version, host, short_message, timestamp, level, and the other fields with a leading
 * underscore. Numbers keep all their digits; what is neither text nor number is the text of its JSON.
 */
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/message/message_level.h"
#include "analyzer/sink/sink_form.h"
#include "analyzer/sink/sink_gelf.h"
#include "common/json/json_text.h"

#define MAX_NAME (MESSAGE_MAX_NAME + 16)
#define STREAM_MAX_BYTES (2u << 20) /* Graylog's limit for a message over TCP, its NUL included */
#define GZIP_LEVEL 6

const struct sink_form gelf_form = {
	.content_type = "application/json", .max_items = 1, .separator = "", .end = ""
};

/* The names that a message has so far; a second field of one name gets a number. */
struct names {
	char name[MESSAGE_MAX_FIELDS][MAX_NAME];
	size_t n;
};

static bool is_allowed(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static bool is_known(const struct names *names, const char *name)
{
	static const char *const ours[] = { "_analyzer", "_node", "_pool", "_packet_id" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strcmp(ours[i], name) == 0)
			return true;
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return false;
}

/* "req.id" becomes _req_id, "_PID" stays, and "id" becomes _message_id: nobody may use _id. */
static void make_name(char out[MAX_NAME], const char *name, size_t len)
{
	size_t n = 0;

	if (name[0] != '_')
		out[n++] = '_';
	for (size_t i = 0; i < len; i++)
		out[n++] = is_allowed(name[i]) ? name[i] : '_';
	out[n] = '\0';
	if (strcmp(out, "_id") == 0)
		strcpy(out, "_message_id");
}

static const char *add_name(struct names *names, const char *name, size_t len)
{
	char *out = names->name[names->n];
	size_t n;

	make_name(out, name, len);
	n = strlen(out);
	for (int i = 2; is_known(names, out) && i < 1000; i++)
		snprintf(out + n, MAX_NAME - n, "_%d", i);
	names->n++;
	return out;
}

static bool is_named(const struct message *m, size_t i, const char *name)
{
	return m->fields[i].name_len == strlen(name) &&
	       memcmp(message_name(m, &m->fields[i]), name, strlen(name)) == 0;
}

static void append_value(struct buf *out, const struct message_field *field)
{
	if (field->kind != MESSAGE_BOOL) {
		document_append_scalar(out, field);
		return;
	}
	document_append_quoted(out, &field->value);
}

static void append_field(struct buf *out, const struct message *m, size_t i, struct names *names)
{
	const struct message_field *field = &m->fields[i];
	const char *name = message_name(m, field);

	if (is_named(m, i, "version") && field->value.len == 3 &&
	    memcmp(field->value.data, "1.1", 3) == 0)
		return; /* of a message that was GELF before */
	if (is_named(m, i, "full_message"))
		buf_append_str(out, ",\"full_message\":");
	else
		buf_printf(out, ",\"%s\":", add_name(names, name, field->name_len));
	append_value(out, field);
}

static void append_time(struct buf *out, uint64_t ns)
{
	buf_printf(out, ",\"timestamp\":%llu.%09llu", (unsigned long long)(ns / 1000000000),
		   (unsigned long long)(ns % 1000000000));
	while (!out->failed && out->data[out->len - 1] == '0' && out->data[out->len - 2] != '.')
		out->len--;
}

int gelf_write(const struct sink_message *sm, struct buf *out)
{
	const struct message *m = sm->message;
	struct names names;

	names.n = 0;
	buf_append_str(out, "{\"version\":\"1.1\",\"host\":");
	if (m->host >= 0)
		document_append_quoted(out, &m->fields[m->host].value);
	else
		json_text_append(out, sm->origin->analyzer, strlen(sm->origin->analyzer));
	buf_append_str(out, ",\"short_message\":");
	document_append_text(out, m);
	append_time(out, m->time >= 0 ? m->time_ns : m->now_ns);
	buf_printf(out, ",\"level\":%d", m->level >= 0 ? m->level : MESSAGE_LEVEL_INFO);
	document_append_origin(out, sm->origin);
	for (size_t i = m->n_fields; i-- > 0;) /* the message's own get their names first */
		if (!message_is_found(m, i) && !message_is_hidden(m, i))
			append_field(out, m, i, &names);
	buf_append(out, "}", 1);
	return 0;
}

int gelf_write_stream(const struct sink_message *m, struct buf *out)
{
	size_t start = out->len;

	gelf_write(m, out);
	buf_append(out, "", 1);
	return out->len - start > STREAM_MAX_BYTES ? SINK_E_TOO_LARGE : 0;
}

/* Compresses what stands in `out` from `start` on, in its place. */
static int pack(struct buf *out, size_t start)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
	size_t len = out->len - start, room, n = 0;
	char *copy = malloc(len ? len : 1);

	if (copy && compressor) {
		memcpy(copy, out->data + start, len);
		out->len = start;
		room = libdeflate_gzip_compress_bound(compressor, len);
		if (buf_reserve(out, room) == 0)
			n = libdeflate_gzip_compress(compressor, copy, len, out->data + start,
						     room);
		out->len = start + n;
	}
	free(copy);
	libdeflate_free_compressor(compressor);
	return n > 0 ? 0 : -ENOMEM;
}

int gelf_write_datagram(const struct sink_message *m, struct buf *out)
{
	size_t start = out->len;
	int r;

	gelf_write(m, out);
	if (out->failed)
		return -ENOMEM;
	r = pack(out, start);
	return r ? r : out->len - start > GELF_MAX_CHUNKS * GELF_CHUNK_BYTES ? SINK_E_TOO_LARGE : 0;
}
