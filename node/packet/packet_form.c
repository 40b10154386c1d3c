#include "node/packet/packet_form.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

#define FORM_EXTRA_BYTES 32 /* what malloc adds to the form and to its JSON */

static struct format_slice copy(char **atp, struct format_slice from)
{
	struct format_slice to = { *atp, from.len };

	if (from.len)
		memcpy(*atp, from.data, from.len);
	*atp += from.len;
	return to;
}

static struct packet_form *form_new(const struct packet_request *request)
{
	size_t n_bytes = request->path.len + request->query.len + request->media_type.len +
			 request->tenant.len;
	struct packet_form *form = malloc(sizeof(*form) + n_bytes);
	char *at;

	if (!form)
		return NULL;
	*form = (struct packet_form){ .request = *request,
				      .n_charged = sizeof(*form) + n_bytes + FORM_EXTRA_BYTES };
	at = form->bytes;
	form->request.path = copy(&at, request->path);
	form->request.query = copy(&at, request->query);
	form->request.media_type = copy(&at, request->media_type);
	form->request.tenant = copy(&at, request->tenant);
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
	struct packet_form *form = form_new(request);

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
	if (p->form)
		p->form->request.format = format;
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

int packet_make_json(struct memory *m, struct packet *p)
{
	struct packet_form *form = p->form;
	struct buf json = { 0 };
	struct format_body body;
	struct format_sink sink = { .out = &json };
	int r;

	if (packet_is_json(p) || form->json)
		return 0;
	body = (struct format_body){ p->body, p->len, form->request.path, form->request.query };
	sink.max_bytes = memory_left(m);
	r = format_read(form->request.format, &body, &sink);
	if (r == 0)
		r = keep_json(m, form, &json);
	buf_deinit(&json);
	return r == FORMAT_E_TOO_LARGE ? -ENOMEM : r;
}
