#include "analyzer/request_body.h"

#include <string.h>
#include <strings.h>

#include "common/codec/codec.h"
#include "common/format/format_route.h"

#define FORM_MAX_BYTES (1u << 30) /* nodes take no packet whose JSON form is so large */

static struct format_slice slice(const char *text)
{
	return (struct format_slice){ text, text ? strlen(text) : 0 };
}

static enum format_id find_format(const struct request_form *form, const struct format_body *body)
{
	enum format_id id = form->format ? format_find(form->format) : FORMATS;
	enum format_family family = FORMAT_FAMILY_ANY;

	if (id != FORMATS)
		return id;
	if (!format_route_find(body->path.data, body->path.len, &family))
		family = FORMAT_FAMILY_ANY;
	return format_detect(family, body, form->type);
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

enum refusal request_body_convert(const struct request_form *form, const char *data, size_t len,
				  struct buf *json)
{
	struct format_body from = { data, len, form->path, form->query };
	struct format_sink sink = { .out = json, .max_bytes = FORM_MAX_BYTES };
	enum format_id id = find_format(form, &from);
	int r = 0;

	if (format_get(id)->is_json)
		buf_append(json, data, len);
	else
		r = format_read(id, &from, &sink);
	if (json->failed || r == -ENOMEM)
		return REFUSED_MEMORY;
	if (r == 0)
		return REFUSED_NOT;
	return r == FORMAT_E_EMPTY ? REFUSED_EMPTY : REFUSED_SYNTAX;
}

enum refusal request_body_refusal(int result, enum refusal bad)
{
	switch (result) {
	case 0:
		return REFUSED_NOT;
	case -ENOMEM:
		return REFUSED_MEMORY;
	case CODEC_E_TOO_LARGE:
		return REFUSED_TOO_LARGE;
	default:
		return bad;
	}
}

static enum refusal unpack_gzip(const char *data, size_t len, size_t max_bytes, struct buf *to)
{
	const struct codec_names announced = { 1, { CODEC_GZIP } };
	struct codec *codec = codec_new(&(struct codec_memory){ 0 });
	struct codec_bytes bytes;
	int r = -ENOMEM;

	if (codec) {
		r = codec_unpack(codec, data, len, &announced, max_bytes, &bytes);
		if (r == 0)
			buf_append(to, bytes.data, bytes.len);
		codec_release(codec);
	}
	codec_free(codec);
	return to->failed ? REFUSED_MEMORY : request_body_refusal(r, REFUSED_SYNTAX);
}

enum refusal request_body_unpack(const struct front_request *rq, size_t max_bytes, struct buf *body)
{
	const char *encoding = rq->fields[FIELD_CONTENT_ENCODING];
	struct buf unpacked = { 0 };
	enum refusal refusal;

	if (!encoding || strcasecmp(encoding, "identity") == 0)
		return REFUSED_NOT;
	if (strcasecmp(encoding, "gzip") != 0)
		return REFUSED_CODING;
	refusal = unpack_gzip(body->data, body->len, max_bytes, &unpacked);
	if (refusal) {
		buf_deinit(&unpacked);
		return refusal;
	}
	buf_deinit(body);
	*body = unpacked;
	return REFUSED_NOT;
}

enum refusal request_body_read(const struct front_request *rq, size_t max_bytes, struct buf *body)
{
	const struct request_form form = { .format = rq->fields[FIELD_WEIR_FORMAT],
					   .path = slice(rq->path),
					   .query = slice(rq->query),
					   .type = slice(rq->fields[FIELD_CONTENT_TYPE]) };
	const struct format_body from = { body->data, body->len, form.path, form.query };
	struct codec *codec = codec_new(&(struct codec_memory){ 0 });
	struct codec_bytes bytes;
	struct buf json = { 0 };
	enum refusal refusal;

	if (!codec)
		return REFUSED_MEMORY;
	refusal = request_body_refusal(unpack(codec, &from, max_bytes, &bytes), REFUSED_SYNTAX);
	if (!refusal)
		refusal = request_body_convert(&form, bytes.data, bytes.len, &json);
	codec_release(codec);
	codec_free(codec);
	if (refusal) {
		buf_deinit(&json);
		return refusal;
	}
	buf_deinit(body);
	*body = json;
	return REFUSED_NOT;
}
