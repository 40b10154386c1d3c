#include "registry/entry_body.h"

#include <stdlib.h>
#include <string.h>

#include "common/format/format.h"
#include "common/json/json_scan.h"
#include "common/json/json_text.h"
#include "common/printable.h"

#define FORM_MAX_BYTES (64u << 20) /* of a JSON form that is shown */
#define HEX_MAX_BYTES (64u << 10)  /* of a body that is shown in hex */
#define SEQUENCE_MAX 4             /* bytes of a character */

/* The last character may have been cut. */
static bool is_text(const char *data, size_t len, bool is_cut)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t cp = 0;

		n = printable_decode(data + i, len - i, &cp);
		if (n == 0)
			return is_cut && len - i < SEQUENCE_MAX;
		if (printable_is_hidden(cp) && !strchr("\t\n\r", (int)cp) && cp < 0x80)
			return false;
	}
	return true;
}

static struct format_slice slice_of(const redisReply *value)
{
	return (struct format_slice){ value ? value->str : "", value ? value->len : 0 };
}

/* In the format that it came in, if that is no JSON. */
static bool write_form(const redisReply *entry, struct buf *out)
{
	const redisReply *name = entry_value(entry, "format"), *body = entry_body(entry);
	enum format_id id = name ? format_find(name->str) : FORMATS;
	struct format_body from = { body->str, body->len, slice_of(entry_value(entry, "path")),
				    slice_of(entry_value(entry, "query")) };
	struct format_sink sink = { .out = out, .max_bytes = FORM_MAX_BYTES };

	if (id == FORMATS || format_get(id)->is_json)
		return false;
	if (format_read(id, &from, &sink) == 0)
		return true;
	buf_clear(out);
	return false;
}

static void write_hex(const redisReply *body, struct buf *out)
{
	size_t len = body->len < HEX_MAX_BYTES ? body->len : HEX_MAX_BYTES;

	for (size_t i = 0; i < len; i++)
		buf_printf(out, "%02x", (unsigned char)body->str[i]);
}

enum entry_shape entry_show_body(const redisReply *entry, struct buf *out)
{
	const redisReply *body = entry_body(entry), *bytes = entry_value(entry, "bytes");
	bool is_whole;

	if (!body)
		return ENTRY_AS_TEXT;
	is_whole = bytes && strtoull(bytes->str, NULL, 10) == body->len;
	if (is_whole && json_scan_document(body->str, body->len, JSON_MAX_DEPTH) == 0) {
		buf_append(out, body->str, body->len);
		return ENTRY_AS_JSON;
	}
	if (is_text(body->str, body->len, !is_whole)) {
		buf_append(out, body->str, body->len);
		return ENTRY_AS_TEXT;
	}
	if (is_whole && write_form(entry, out))
		return ENTRY_AS_JSON;
	write_hex(body, out);
	return ENTRY_AS_HEX;
}

void entry_add_body(const redisReply *entry, cJSON *json)
{
	static const char *const names[] = { "body", "body_text", "body_hex" };
	struct buf shown CLEANUP(buf_deinit) = { 0 }, text CLEANUP(buf_deinit) = { 0 };
	enum entry_shape shape = entry_show_body(entry, &shown);

	static_assert(ARRAY_LEN(names) == ENTRY_SHAPES, "every shape has a name");
	if (shape != ENTRY_AS_JSON)
		json_text_append(&text, shown.len ? shown.data : "", shown.len);
	cJSON_AddItemToObject(json, names[shape],
			      cJSON_CreateRaw(buf_str(shape == ENTRY_AS_JSON ? &shown : &text)));
}
