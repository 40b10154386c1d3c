#include <string.h>
#include <strings.h>

#include "common/format/format_route.h"
#include "common/format/protobuf.h"

static bool says(struct format_slice media_type, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= media_type.len; i++)
		if (strncasecmp(media_type.data + i, word, n) == 0)
			return true;
	return false;
}

static int first_byte(const struct format_body *body)
{
	for (size_t i = 0; i < body->len; i++)
		if (!strchr(" \t\r\n", body->data[i]) || !body->data[i])
			return (unsigned char)body->data[i];
	return -1;
}

static bool begins_json(const struct format_body *body)
{
	int byte = first_byte(body);

	return byte == '{' || byte == '[';
}

static bool is_one_document(const struct format_body *body)
{
	struct format_sink sink = { 0 };

	return format_read(FORMAT_JSON, body, &sink) != FORMAT_E_SYNTAX;
}

/* A message with nothing but strings or messages in its field 1, as those of OTLP and Loki are. */
static bool is_list_of_field_1(const struct format_body *body)
{
	struct protobuf_cursor c = protobuf_open(body->data, body->len);
	struct protobuf_field field;

	while (c.at < c.end)
		if (protobuf_next(&c, &field) != 0 || field.number != 1 ||
		    field.wire != PROTOBUF_BYTES)
			return false;
	return true;
}

/*
 * The tag of field 1 is a line feed, and the lengths 91 and 123 are brackets: JSON may begin with
 * such bytes, too. Few texts happen to be such a message, and hardly a message is a JSON document.
 */
static bool is_json_not_protobuf(const struct format_body *body)
{
	return begins_json(body) &&
	       (body->data[0] != '\n' || !is_list_of_field_1(body) || is_one_document(body));
}

/* Arrays and maps of MessagePack begin with bytes that no text in UTF-8 begins with. */
static bool begins_msgpack(const struct format_body *body)
{
	unsigned char byte = body->len ? (unsigned char)body->data[0] : 0;
	unsigned char second = body->len > 1 ? (unsigned char)body->data[1] : 0;

	if (byte >= 0x80 && byte <= 0x9f)
		return true;
	return byte >= 0xdc && byte <= 0xdf && (second & 0xc0) != 0x80;
}

static bool begins(const struct format_body *body, const char *sign)
{
	size_t n = strlen(sign);

	return body->len >= n && memcmp(body->data, sign, n) == 0;
}

size_t format_mark_len(const struct format_body *body, struct format_slice media_type)
{
	return begins(body, FORMAT_MARK) && !says(media_type, "msgpack") ? sizeof(FORMAT_MARK) - 1
									 : 0;
}

static bool are_lines_of_json(const struct format_body *body)
{
	struct format_sink sink = { 0 };

	return format_read(FORMAT_JSON_LINES, body, &sink) == 0;
}

static bool is_text(struct format_slice media_type)
{
	return says(media_type, "text/") && !says(media_type, "json");
}

static enum format_id detect_json(const struct format_body *body, struct format_slice media_type)
{
	if (is_one_document(body))
		return says(media_type, "vnd.kafka") ? FORMAT_KAFKAREST : FORMAT_JSON;
	if (!is_text(media_type) || are_lines_of_json(body))
		return FORMAT_JSON_LINES;
	return FORMAT_TEXT; /* it began with a bracket */
}

/* The lines of a form are escaped, so where there are several it is none. */
static bool is_form(const struct format_body *body)
{
	size_t n = body->len;

	while (n > 0 && (body->data[n - 1] == '\n' || body->data[n - 1] == '\r'))
		n--;
	return n > 0 && memchr(body->data, '=', n) && !memchr(body->data, '\n', n);
}

/* curl calls all that it sends a form, unless it is told what it is. */
static bool are_lines(const struct format_body *body)
{
	return body->len > 0 && memchr(body->data, '\n', body->len) &&
	       !memchr(body->data, '\0', body->len);
}

static enum format_id detect_any(const struct format_body *body, struct format_slice media_type)
{
	bool is_protobuf = says(media_type, "protobuf");

	if (is_protobuf ? is_json_not_protobuf(body) : begins_json(body))
		return detect_json(body, media_type);
	if (begins_msgpack(body) || (body->len && says(media_type, "msgpack")))
		return FORMAT_MSGPACK;
	if (is_protobuf)
		return FORMAT_OTLP_PROTO;
	if (says(media_type, "vnd.fdo.journal") || begins(body, "__CURSOR=") ||
	    begins(body, "__REALTIME_TIMESTAMP="))
		return FORMAT_JOURNAL;
	if (says(media_type, "x-www-form-urlencoded") && is_form(body))
		return FORMAT_FORM;
	if (says(media_type, "x-www-form-urlencoded") && are_lines(body))
		return FORMAT_TEXT;
	return is_text(media_type) ? FORMAT_TEXT : FORMAT_JSON;
}

enum format_id format_detect(enum format_family family, const struct format_body *body,
			     struct format_slice media_type)
{
	switch (family) {
	case FORMAT_FAMILY_ANY:
		return detect_any(body, media_type);
	case FORMAT_FAMILY_OTLP:
		if (body->len == 0)
			return format_guess(family, media_type);
		return is_json_not_protobuf(body) ? FORMAT_OTLP_JSON : FORMAT_OTLP_PROTO;
	case FORMAT_FAMILY_LOKI:
		return is_json_not_protobuf(body) ? FORMAT_LOKI_JSON : FORMAT_LOKI_PROTO;
	default:
		return format_guess(family, media_type);
	}
}

enum format_id format_guess(enum format_family family, struct format_slice media_type)
{
	static const enum format_id ids[FORMAT_FAMILIES] = {
		[FORMAT_FAMILY_ANY] = FORMAT_JSON,
		[FORMAT_FAMILY_OTLP] = FORMAT_OTLP_PROTO,
		[FORMAT_FAMILY_LOKI] = FORMAT_LOKI_JSON,
		[FORMAT_FAMILY_HEC] = FORMAT_HEC,
		[FORMAT_FAMILY_HEC_RAW] = FORMAT_HEC_RAW,
		[FORMAT_FAMILY_BULK] = FORMAT_BULK,
		[FORMAT_FAMILY_GELF] = FORMAT_GELF,
		[FORMAT_FAMILY_JOURNAL] = FORMAT_JOURNAL,
		[FORMAT_FAMILY_KAFKAREST] = FORMAT_KAFKAREST,
		[FORMAT_FAMILY_OTLP_GRPC] = FORMAT_OTLP_GRPC,
	};

	if (family == FORMAT_FAMILY_OTLP && says(media_type, "json"))
		return FORMAT_OTLP_JSON;
	return ids[family];
}
