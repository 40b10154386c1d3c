#include "analyzer/request_body.h"

#include <string.h>

#include "common/codec/codec.h"
#include "common/format/format_route.h"

#define FORM_MAX_BYTES (1u << 30) /* nodes take no packet whose JSON form is so large */

static struct format_slice slice(const char *text)
{
	return (struct format_slice){ text, text ? strlen(text) : 0 };
}

static enum format_id find_format(const struct front_request *rq, const struct format_body *body)
{
	const char *name = rq->fields[FIELD_WEIR_FORMAT];
	enum format_id id = name ? format_find(name) : FORMATS;
	enum format_family family = FORMAT_FAMILY_ANY;

	if (id != FORMATS)
		return id;
	if (!format_route_find(body->path.data, body->path.len, &family))
		family = FORMAT_FAMILY_ANY;
	return format_detect(family, body, slice(rq->fields[FIELD_CONTENT_TYPE]));
}

/* Loki's agents and nodes do not announce the snappy around protobuf. */
static int unpack(struct codec *codec, const struct format_body *from, size_t max_bytes,
		  struct codec_bytes *bytes)
{
	enum format_family family = FORMAT_FAMILY_ANY;
	struct codec_names announced = { 0 };

	format_route_find(from->path.data, from->path.len, &family);
	if (family == FORMAT_FAMILY_LOKI)
		announced = (struct codec_names){ 1, { CODEC_SNAPPY_BLOCK } };
	return codec_unpack(codec, from->data, from->len, &announced, max_bytes, bytes);
}

/* The JSON form of the unpacked bytes. */
static int write_json(const struct front_request *rq, const struct format_body *from,
		      struct buf *json)
{
	struct format_sink sink = { .out = json, .max_bytes = FORM_MAX_BYTES };
	enum format_id id = find_format(rq, from);

	if (!format_get(id)->is_json)
		return format_read(id, from, &sink);
	buf_append(json, from->data, from->len);
	return json->failed ? -ENOMEM : 0;
}

enum refusal request_body_read(const struct front_request *rq, size_t max_bytes, struct buf *body)
{
	struct format_body from = { body->data, body->len, slice(rq->path), slice(rq->query) };
	struct codec *codec = codec_new(&(struct codec_memory){ 0 });
	struct codec_bytes bytes;
	struct buf json = { 0 };
	int r;

	if (!codec)
		return REFUSED_MEMORY;
	r = unpack(codec, &from, max_bytes, &bytes) == 0 ? 0 : FORMAT_E_SYNTAX;
	if (r == 0) {
		from.data = bytes.data;
		from.len = bytes.len;
		r = write_json(rq, &from, &json);
	}
	codec_release(codec);
	codec_free(codec);
	if (r == 0) {
		buf_deinit(body);
		*body = json;
		return REFUSED_NOT;
	}
	buf_deinit(&json);
	if (r == -ENOMEM)
		return REFUSED_MEMORY;
	return r == FORMAT_E_EMPTY ? REFUSED_EMPTY : REFUSED_SYNTAX;
}
