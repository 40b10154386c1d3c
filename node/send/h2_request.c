#include "node/send/h2_request.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/grpc/grpc_text.h"

#define FIELDS_MAX 48
#define FIELD_VALUE_MAX 8192 /* of those of gRPC that are kept */

static const char *const grpc_names[] = { "grpc-status", "grpc-message",
					  "grpc-status-details-bin" };
static_assert(ARRAY_LEN(grpc_names) == ARRAY_LEN(((struct h2_request *)0)->grpc),
	      "each of them has a place");

struct h2_request *h2_request_new(struct transfer *t)
{
	struct h2_request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->transfer = t;
	r->id = -1;
	r->retry_after_s = -1;
	return r;
}

static void forget_answer(struct h2_request *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->grpc); i++) {
		free(r->grpc[i]);
		r->grpc[i] = NULL;
	}
	r->status = 0;
	r->retry_after_s = -1;
	r->is_json = false;
	r->n_head_bytes = 0;
	answer_body_begin(&r->body);
}

void h2_request_free(struct h2_request *r)
{
	if (!r)
		return;
	forget_answer(r);
	answer_body_deinit(&r->body);
	free(r);
}

void h2_request_rewind(struct h2_request *r)
{
	forget_answer(r);
	r->owner = NULL;
	r->id = -1;
	r->place = (struct transfer_place){ 0, 0 };
	r->n_sent = 0;
}

/* ---- its fields ---- */

struct fields {
	nghttp2_nv nv[FIELDS_MAX];
	size_t n;
	bool is_full;
};

static void add(struct fields *f, const char *name, size_t n_name, const char *value,
		size_t n_value)
{
	if (f->n == FIELDS_MAX) {
		f->is_full = true;
		return;
	}
	f->nv[f->n++] = (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, n_name, n_value,
				      NGHTTP2_NV_FLAG_NONE };
}

static void add_text(struct fields *f, const char *name, const char *value)
{
	add(f, name, strlen(name), value, strlen(value));
}

/* The lines "Name: value CRLF", whose names become lower case where they are. */
static void add_lines(struct fields *f, char *lines)
{
	while (*lines) {
		char *end = strstr(lines, "\r\n"),
		     *colon = end ? memchr(lines, ':', (size_t)(end - lines)) : NULL;
		char *value;

		if (!colon)
			return;
		for (char *c = lines; c < colon; c++)
			*c = (char)tolower((unsigned char)*c);
		value = colon + 1 + strspn(colon + 1, " ");
		add(f, lines, (size_t)(colon - lines), value, (size_t)(end - value));
		lines = end + 2;
	}
}

/* ---- its body ---- */

static ssize_t on_read(nghttp2_session *session UNUSED, int32_t id UNUSED, uint8_t *out,
		       size_t size, uint32_t *flags, nghttp2_data_source *source, void *arg UNUSED)
{
	struct h2_request *r = source->ptr;
	size_t n;

	if (!r->transfer) /* its parts may be gone */
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = transfer_copy(r->transfer, &r->place, out, size);
	r->n_sent += n;
	if (transfer_is_copied(r->transfer, &r->place))
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

int h2_request_submit(struct h2_request *r, nghttp2_session *session, const char *scheme,
		      const char *authority, const char *path)
{
	const struct transfer *t = r->transfer;
	nghttp2_data_provider body = { .source.ptr = r, .read_callback = on_read };
	AUTO_FREE char *lines = strdup(t->headers ? t->headers : "");
	char timeout[GRPC_TIMEOUT_BYTES], length[24];
	struct fields f = { .n = 0 };

	if (!lines)
		return -ENOMEM;
	add_text(&f, ":method", !t->parts ? "GET" : t->is_put ? "PUT" : "POST");
	add_text(&f, ":scheme", scheme);
	add_text(&f, ":authority", authority);
	add_text(&f, ":path", path);
	if (t->method) {
		grpc_write_timeout(timeout, t->timeout_ms);
		add_text(&f, "te", "trailers");
		add_text(&f, "content-type", GRPC_MEDIA_TYPE);
		add_text(&f, "grpc-timeout", timeout);
	} else if (t->parts) {
		snprintf(length, sizeof(length), "%zu", t->len);
		add_text(&f, "content-length", length);
	}
	add_lines(&f, lines);
	if (f.is_full)
		return -EPROTO;
	r->id = nghttp2_submit_request(session, NULL, f.nv, f.n, t->parts ? &body : NULL, NULL);
	if (r->id == NGHTTP2_ERR_NOMEM)
		return -ENOMEM;
	return r->id < 0 ? -EPROTO : 0;
}

/* ---- its answer ---- */

static bool is_named(const uint8_t *name, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(name, word, len) == 0;
}

/* -1: it is no number of seconds. */
static int64_t read_seconds(const uint8_t *value, size_t len)
{
	int64_t seconds = 0;

	if (len == 0 || len > 10)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit(value[i]))
			return -1;
		seconds = seconds * 10 + value[i] - '0';
	}
	return seconds;
}

/* Trailers come after the header section, and go before it. */
static void take_grpc(struct h2_request *r, size_t i, const uint8_t *value, size_t len)
{
	free(r->grpc[i]);
	r->grpc[i] = len <= FIELD_VALUE_MAX ? strndup((const char *)value, len) : NULL;
}

bool h2_request_take_field(struct h2_request *r, const uint8_t *name, size_t n_name,
			   const uint8_t *value, size_t n_value)
{
	static const char json[] = "application/json";

	r->n_head_bytes += n_name + n_value + 32;
	if (r->n_head_bytes > H2_REQUEST_HEAD_BYTES)
		return false;
	if (is_named(name, n_name, ":status"))
		r->status = (int)read_seconds(value, n_value);
	else if (is_named(name, n_name, "retry-after"))
		r->retry_after_s = read_seconds(value, n_value);
	else if (is_named(name, n_name, "content-type"))
		r->is_json = n_value >= sizeof(json) - 1 &&
			     strncasecmp((const char *)value, json, sizeof(json) - 1) == 0;
	for (size_t i = 0; i < ARRAY_LEN(grpc_names); i++)
		if (is_named(name, n_name, grpc_names[i]))
			take_grpc(r, i, value, n_value);
	return true;
}

static void tell_call(struct h2_request *r, bool is_whole, enum transfer_result otherwise,
		      const char *error)
{
	struct transfer *t = r->transfer;
	struct grpc_stream stream = { .http_status = r->status,
				      .status = r->grpc[0],
				      .message = r->grpc[1],
				      .details = r->grpc[2],
				      .is_whole = is_whole && r->n_sent >= t->len };
	const char *why;

	r->transfer = NULL;
	if (answer_body_tell_call(&r->body, t, &stream, r->retry_after_s, &why))
		transfer_end(t, TRANSFER_ANSWERED, t->error);
	else
		transfer_end(t, otherwise, is_whole ? why : error);
}

/*
 * A status that came counts however its answer ended, unless the request was not sent whole: nobody can have taken
 * what was not sent.
 */
void h2_request_tell(struct h2_request *r, bool is_whole, enum transfer_result otherwise,
		     const char *error)
{
	struct transfer *t = r->transfer;
	bool counts = r->status >= 200 && (r->n_sent >= t->len || (is_whole && r->status >= 300));

	if (t->method) {
		tell_call(r, is_whole, otherwise, error);
		return;
	}
	r->transfer = NULL;
	if (!counts) {
		transfer_end(t, otherwise, is_whole ? "the stream ended without an answer" : error);
		return;
	}
	answer_body_tell(&r->body, t, r->status, r->retry_after_s, is_whole, r->is_json);
	transfer_end(t, TRANSFER_ANSWERED, "");
}
