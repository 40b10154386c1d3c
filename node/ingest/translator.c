#include "node/ingest/translator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/codec/codec.h"
#include "common/format/format_bulk.h"
#include "common/json/json_scan.h"

struct translator {
	struct translator_config config;
	struct codec *codec;
};

static bool take(void *arg, size_t n_bytes)
{
	return memory_take(arg, n_bytes);
}

static void give(void *arg, size_t n_bytes)
{
	memory_give(arg, n_bytes);
}

struct translator *translator_new(const struct translator_config *config)
{
	struct codec_memory memory = { take, give, config->memory };
	struct translator *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->config = *config;
	t->codec = codec_new(&memory);
	if (t->codec)
		return t;
	free(t);
	return NULL;
}

void translator_free(struct translator *t)
{
	if (!t)
		return;
	codec_free(t->codec);
	free(t);
}

/* The packet gets another body. */
static enum refusal set_body(struct translator *t, struct packet **pp, const char *data, size_t len)
{
	struct memory *memory = t->config.memory;
	struct packet *p = packet_new_within(memory, len);

	if (!p)
		return REFUSAL_NO_MEMORY;
	if (packet_reserve_within(memory, &p, len, t->config.max_body_bytes) != 0) {
		packet_free_within(memory, p);
		return REFUSAL_NO_MEMORY;
	}
	memcpy(p->body, data, len);
	p->len = len;
	packet_move_form(p, *pp);
	packet_free_within(memory, *pp);
	*pp = p;
	return REFUSAL_NONE;
}

static enum refusal unpack(struct translator *t, const struct packet *p,
			   const struct request_form *form, struct codec_bytes *bytes)
{
	struct codec_names announced = form->announced;

	/* Loki's agents do not announce the snappy around their protobuf */
	if (form->family == FORMAT_FAMILY_LOKI && announced.n == 0)
		announced = (struct codec_names){ 1, { CODEC_SNAPPY_BLOCK } };
	switch (codec_unpack(t->codec, p->body, p->len, &announced, t->config.max_body_bytes,
			     bytes)) {
	case 0:
		return REFUSAL_NONE;
	case CODEC_E_TOO_LARGE:
		return (enum refusal)HTTP_BODY_TOO_LARGE;
	case CODEC_E_RATIO:
		return REFUSAL_EXPANDS;
	case CODEC_E_BAD:
		return REFUSAL_BAD_ENCODING;
	default:
		return REFUSAL_NO_MEMORY;
	}
}

static_assert(FORMATS <= 32, "each format has its bit");

static bool takes(const struct translator *t, enum format_id format)
{
	return t->config.formats == 0 || t->config.formats >> format & 1;
}

static enum refusal refusal_of(int result, const struct format_body *body, enum format_id format)
{
	bool is_ours = format == FORMAT_JSON || format == FORMAT_JSON_LINES;
	struct json_slice scalar = { body->data, body->len };

	switch (result) {
	case 0:
		return REFUSAL_NONE;
	case FORMAT_E_EMPTY:
		return REFUSAL_NO_MESSAGES;
	case FORMAT_E_TOO_LARGE:
		return (enum refusal)HTTP_BODY_TOO_LARGE;
	case -ENOMEM:
		return REFUSAL_NO_MEMORY;
	default:
		if (format == FORMAT_JSON &&
		    json_scan_document(scalar.data, scalar.len, JSON_MAX_DEPTH) == 0)
			return REFUSAL_NOT_A_PACKET;
		return is_ours ? REFUSAL_BAD_JSON : REFUSAL_BAD_FORMAT;
	}
}

/* The items are made before the body is replaced. Their memory is charged until they are freed. */
static enum refusal make_items(struct translator *t, struct translation *result,
			       const struct format_body *body)
{
	struct buf items = { 0 };
	int r = format_bulk_items(body, clock_mono_us(), t->config.max_body_bytes, &items);

	if (r == 0 && memory_take(t->config.memory, items.capacity)) {
		result->items = items.data;
		result->n_items_bytes = items.len;
		result->n_items_charged = items.capacity;
		return REFUSAL_NONE;
	}
	buf_deinit(&items);
	return r ? refusal_of(r, body, FORMAT_BULK) : REFUSAL_NO_MEMORY;
}

static int set_format(struct translator *t, struct packet *p, const struct request_form *form,
		      enum format_id format)
{
	struct packet_request kept = packet_request(p);

	if (p->form || format == FORMAT_JSON) {
		packet_set_format(p, format);
		return 0;
	}
	kept.format = format;
	if (!form->has_type)
		kept.media_type.len = 0;
	return packet_set_form(t->config.memory, p, &kept);
}

/* The format of the bytes, however they came. */
static enum format_id format_of_packet(enum format_id format)
{
	return format == FORMAT_OTLP_GRPC ? FORMAT_OTLP_PROTO : format;
}

static enum refusal take_over(struct translator *t, struct packet **pp,
			      const struct request_form *form, const struct format_body *body,
			      enum format_id format)
{
	enum refusal refusal = REFUSAL_NONE;

	if (body->data != (*pp)->body)
		refusal = set_body(t, pp, body->data, body->len);
	if (refusal == REFUSAL_NONE && set_format(t, *pp, form, format) != 0)
		refusal = REFUSAL_NO_MEMORY;
	if (refusal != REFUSAL_NONE)
		return refusal;
	return refusal_of(packet_check_json(t->config.memory, *pp, t->config.max_body_bytes), body,
			  format);
}

/* A body in a batch, or behind another one, could not begin with it. */
static void pass_over_mark(struct format_body *body, struct format_slice media_type)
{
	size_t n = format_mark_len(body, media_type);

	body->data += n;
	body->len -= n;
}

static enum refusal read_messages(struct translator *t, struct packet **pp,
				  const struct request_form *form, const struct format_body *body,
				  struct translation *result)
{
	struct format_sink sink = { 0 };
	enum refusal refusal =
		refusal_of(format_read(result->format, body, &sink), body, result->format);

	result->n_before = sink.n_messages;
	result->is_empty =
		refusal == REFUSAL_NO_MESSAGES && format_get(result->format)->may_be_empty;
	if (refusal == REFUSAL_NONE && result->format == FORMAT_BULK)
		refusal = make_items(t, result, body);
	if (refusal == REFUSAL_NONE)
		refusal = take_over(t, pp, form, body, format_of_packet(result->format));
	if (refusal == REFUSAL_NONE)
		(*pp)->n_messages = (uint32_t)sink.n_messages;
	return refusal;
}

enum refusal translator_read(struct translator *t, struct packet **pp,
			     const struct request_form *form, struct translation *result)
{
	struct packet_request request = packet_request(*pp);
	struct codec_bytes bytes;
	struct format_body body;
	enum refusal refusal;

	*result = (struct translation){ .format = format_guess(form->family, request.media_type) };
	refusal = unpack(t, *pp, form, &bytes);
	if (refusal == REFUSAL_NONE) {
		body = (struct format_body){ bytes.data, bytes.len, request.path, request.query };
		pass_over_mark(&body, request.media_type);
		result->format = format_detect(form->family, &body, request.media_type);
		refusal = takes(t, result->format) ? read_messages(t, pp, form, &body, result)
						   : REFUSAL_FORMAT;
	}
	codec_release(t->codec);
	if (refusal != REFUSAL_NONE && result->items) {
		free(result->items);
		memory_give(t->config.memory, result->n_items_charged);
		result->items = NULL;
	}
	return refusal;
}
