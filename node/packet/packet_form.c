#include "node/packet/packet_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/format/format_bulk.h"

#define FORM_EXTRA_BYTES 32 /* what malloc adds to the form and to its JSON */
#define FORMAT_NAME_BYTES 24
#define LINES 6
#define FIELD_MAX_BYTES (16u << 10) /* as much as a header section may have */

/* A byte that no header section has, and that would end a line of the text. */
static bool is_clean(struct format_slice s, unsigned char least)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < least || s.data[i] == 0x7f)
			return false;
	return true;
}

static void clean(struct format_slice *s, unsigned char least)
{
	if (s->len > FIELD_MAX_BYTES || !is_clean(*s, least))
		s->len = 0;
}

static struct format_slice put_line(char **atp, struct format_slice from)
{
	struct format_slice to = { *atp, from.len };

	if (from.len)
		memcpy(*atp, from.data, from.len);
	(*atp)[from.len] = '\n';
	*atp += from.len + 1;
	return to;
}

static struct packet_form *form_new(struct packet_request request)
{
	struct format_slice method = { "PUT", request.is_put ? 3 : 0 };
	struct packet_form *form;
	size_t n_bytes;
	char *at;

	clean(&request.media_type, ' ');
	clean(&request.path, '!');
	clean(&request.query, '!');
	clean(&request.tenant, ' ');
	n_bytes = sizeof(*form) + request.path.len + request.query.len + request.media_type.len +
		  request.tenant.len + method.len + LINES + FORMAT_NAME_BYTES;
	form = malloc(n_bytes);
	if (!form)
		return NULL;
	*form = (struct packet_form){ .request = request, .n_charged = n_bytes + FORM_EXTRA_BYTES };
	at = form->text;
	form->request.media_type = put_line(&at, request.media_type);
	form->request.path = put_line(&at, request.path);
	form->request.query = put_line(&at, request.query);
	put_line(&at, method);
	form->request.tenant = put_line(&at, request.tenant);
	form->format = at;
	snprintf(form->format, FORMAT_NAME_BYTES, "%s", format_names[request.format]);
	return form;
}

void packet_free_form(struct packet_form *form)
{
	free(form->json);
	free(form);
}

size_t packet_form_cost(const struct packet_form *form)
{
	return form->n_charged;
}

bool packet_form_is_json(const struct packet_form *form)
{
	return format_get(form->request.format)->is_json;
}

int packet_set_form(struct memory *m, struct packet *p, const struct packet_request *request)
{
	struct packet_form *form = form_new(*request);

	if (!form)
		return -ENOMEM;
	if (!memory_take(m, form->n_charged)) {
		packet_free_form(form);
		return -ENOMEM;
	}
	if (p->form) {
		memory_give(m, p->form->n_charged);
		packet_free_form(p->form);
	}
	p->form = form;
	return 0;
}

void packet_set_format(struct packet *p, enum format_id format)
{
	assert(p->form || format == FORMAT_JSON);
	if (!p->form)
		return;
	p->form->request.format = format;
	snprintf(p->form->format, FORMAT_NAME_BYTES, "%s", format_names[format]);
}

static struct format_slice next_line(const char **textp)
{
	struct format_slice line = { *textp, strcspn(*textp, "\n") };

	*textp += line.len + ((*textp)[line.len] == '\n');
	return line;
}

static bool is_plain_type(struct format_slice type)
{
	return type.len == 0 || (type.len == sizeof(PACKET_MEDIA_TYPE) - 1 &&
				 memcmp(type.data, PACKET_MEDIA_TYPE, type.len) == 0);
}

/* A format that is not known here is that of a newer node. */
int packet_restore_form(struct memory *m, struct packet *p, const char *text)
{
	struct packet_request request = { .format = FORMAT_JSON };
	enum format_id format;

	assert(!p->form);
	request.media_type = next_line(&text);
	request.path = next_line(&text);
	request.query = next_line(&text);
	request.is_put = next_line(&text).len > 0;
	request.tenant = next_line(&text);
	format = format_find(text);
	if (format < FORMATS)
		request.format = format;
	if (!request.path.len && is_plain_type(request.media_type) && format == FORMATS)
		return 0;
	if (!request.path.len)
		request.path = (struct format_slice){ PACKET_PATH, sizeof(PACKET_PATH) - 1 };
	return packet_set_form(m, p, &request);
}

void packet_move_form(struct packet *to, struct packet *from)
{
	assert(!to->form && !to->via);
	to->form = from->form;
	to->via = from->via;
	to->n_hops = from->n_hops;
	from->form = NULL;
	from->via = NULL;
}

struct packet_request packet_request(const struct packet *p)
{
	static const struct packet_request plain = {
		.format = FORMAT_JSON,
		.path = { PACKET_PATH, sizeof(PACKET_PATH) - 1 },
		.media_type = { PACKET_MEDIA_TYPE, sizeof(PACKET_MEDIA_TYPE) - 1 },
	};

	return p->form ? p->form->request : plain;
}

/* The memory that is left bounds what is written, and what was written is charged. */
static int keep_json(struct memory *m, struct packet_form *form, struct buf *json)
{
	char *data = realloc(json->data, json->len); /* the rest would lie idle for long */

	if (data)
		json->data = data;
	if (!memory_take(m, json->len + FORM_EXTRA_BYTES))
		return -ENOMEM;
	form->n_charged += json->len + FORM_EXTRA_BYTES;
	form->json = json->data;
	form->json_len = json->len;
	*json = (struct buf){ 0 };
	return 0;
}

/* Few bodies become more than three times as long as JSON, and what is not needed is given back. */
static int reserve_json(struct buf *json, const struct packet *p, size_t max_bytes)
{
	size_t n = 3 * p->len;

	return buf_reserve(json, n < max_bytes ? n : max_bytes);
}

/* FORMAT_E_TOO_LARGE: it would have more than max_bytes. */
static int make_json(struct memory *m, struct packet *p, size_t max_bytes)
{
	struct packet_form *form = p->form;
	size_t left = memory_left(m);
	struct buf json = { 0 };
	struct format_body body;
	struct format_sink sink = { .out = &json };
	int r;

	if (packet_is_json(p) || form->json)
		return 0;
	body = (struct format_body){ p->body, p->len, form->request.path, form->request.query };
	sink.max_bytes = max_bytes < left ? max_bytes : left;
	r = reserve_json(&json, p, sink.max_bytes);
	if (r == 0)
		r = format_read(form->request.format, &body, &sink);
	if (r == 0)
		r = keep_json(m, form, &json);
	buf_deinit(&json);
	return r == FORMAT_E_TOO_LARGE && sink.max_bytes < max_bytes ? -ENOMEM : r;
}

int packet_make_json(struct memory *m, struct packet *p)
{
	return make_json(m, p, SIZE_MAX);
}

int packet_check_json(struct memory *m, struct packet *p, size_t max_bytes)
{
	struct packet_request request = packet_request(p);
	const struct format_body body = { p->body, p->len, request.path, request.query };
	int r;

	if (format_json_bound(request.format, &body) <= max_bytes)
		return 0;
	r = make_json(m, p, max_bytes);
	return r == 0 && packet_json(p).len > max_bytes ? FORMAT_E_TOO_LARGE : r;
}

void packet_forget_json(struct memory *m, struct packet *p)
{
	struct packet_form *form = p->form;
	size_t n;

	if (!form || !form->json)
		return;
	n = form->json_len + FORM_EXTRA_BYTES;
	free(form->json);
	form->json = NULL;
	form->json_len = 0;
	form->n_charged -= n;
	memory_give(m, n);
}

int packet_keep_operations(struct memory *m, struct packet *p, const bool *keep)
{
	int r;

	assert(packet_format(p) == FORMAT_BULK);
	r = format_bulk_keep(p->body, &p->len, keep, p->n_messages);
	if (r == 0) /* it has what is left out now */
		packet_forget_json(m, p);
	return r;
}
