#include "node/deliver/answers.h"

#include <ctype.h>
#include <string.h>

#include "common/format/protobuf.h"

#define LEAST_BYTES (64u << 10)
#define MOST_BYTES (1u << 20)
#define MESSAGE_BYTES 2048 /* of an answer, for each message */

size_t answers_max_bytes(enum format_id format, uint32_t n_messages)
{
	uint64_t n_bytes = LEAST_BYTES + (uint64_t)n_messages * MESSAGE_BYTES;

	switch (format) {
	case FORMAT_BULK:
		return n_bytes < MOST_BYTES ? (size_t)n_bytes : MOST_BYTES;
	case FORMAT_HEC:
	case FORMAT_HEC_RAW:
	case FORMAT_OTLP_JSON:
	case FORMAT_OTLP_PROTO:
		return LEAST_BYTES;
	default:
		return 0;
	}
}

/* Runs fn for each member of the one object that the text is. */
static int scan_answer(const char *text, size_t len, json_member_fn fn, void *arg)
{
	struct json_cursor c = { .at = text, .end = text + len };
	int r;

	json_scan_space(&c);
	if (c.at == c.end || *c.at != '{')
		return RESULTS_E_NONE;
	r = json_scan_object(&c, JSON_MAX_DEPTH, fn, arg);
	json_scan_space(&c);
	return r == 0 && c.at == c.end ? 0 : RESULTS_E_MISFIT;
}

static bool is_at(const struct json_cursor *c, char byte)
{
	return c->at < c->end && *c->at == byte;
}

/* ---- _bulk ---- */

struct bulk {
	struct result *items;
	unsigned n, n_read;
	bool has_more;             /* items than operations */
	int status;                /* of the item that is being read; 0: none yet */
	bool is_delete, has_error; /* as is this */
	bool says_errors, has_errors, has_items;
};

static int on_item_field(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			 void *arg)
{
	struct bulk *b = arg;
	const char *at = c->at;
	int r = json_scan_value(c, depth);

	if (r == 0 && json_slice_is(key, "status"))
		b->status = results_read_status(at, c->at);
	b->has_error |= json_slice_is(key, "error");
	return r;
}

static int on_item_action(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			  void *arg)
{
	struct bulk *b = arg;

	b->is_delete = json_slice_is(key, "delete");
	return is_at(c, '{') ? json_scan_object(c, depth, on_item_field, b) : RESULTS_E_MISFIT;
}

static int on_item(struct json_cursor *c, unsigned depth, void *arg)
{
	struct bulk *b = arg;
	const char *at = c->at;
	int r;

	b->status = 0;
	b->is_delete = b->has_error = false;
	r = is_at(c, '{') ? json_scan_object(c, depth, on_item_action, b) : RESULTS_E_MISFIT;
	if (r != 0)
		return r;
	b->has_more |= b->n_read == b->n;
	if (b->has_more || !b->status)
		return RESULTS_E_MISFIT;
	if (b->is_delete && b->status == 404 && !b->has_error)
		b->status = 200; /* what shall go is not there */
	b->items[b->n_read++] = (struct result){ b->status, at, (size_t)(c->at - at) };
	return 0;
}

static int on_bulk_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			  void *arg)
{
	struct bulk *b = arg;
	const char *at = c->at;
	size_t n_elements;
	int r;

	if (json_slice_is(key, "items") && is_at(c, '[')) {
		b->has_more |= b->has_items;
		if (b->has_items)
			return RESULTS_E_MISFIT;
		b->has_items = true;
		return json_scan_array(c, depth, on_item, b, &n_elements);
	}
	r = json_scan_value(c, depth);
	if (r == 0 && json_slice_is(key, "errors")) {
		b->says_errors = true;
		b->has_errors |= *at == 't';
	}
	return r;
}

/* Most answers tell of no errors, and of their items nothing but that. */
int answers_read_bulk(const char *text, size_t len, struct result *items, unsigned n,
		      unsigned *n_readp)
{
	struct bulk b = { .items = items, .n = n };
	int r = scan_answer(text, len, on_bulk_member, &b);

	/* a whole answer of another number of items is not that of this packet */
	*n_readp = b.has_more || (r == 0 && b.n_read < n) ? 0 : b.n_read;
	if (r == RESULTS_E_NONE || (b.says_errors && !b.has_errors))
		return RESULTS_E_NONE;
	if (r == 0 && !b.says_errors && !b.has_items)
		return RESULTS_E_NONE;
	return r == 0 && b.has_items && b.n_read == n ? 0 : RESULTS_E_MISFIT;
}

/* ---- numbers ---- */

/* Digits, in quotes or not. UINT64_MAX: more than that. False: none. */
static bool read_number(const char *at, const char *end, uint64_t *valuep)
{
	uint64_t value = 0;

	if (end - at >= 2 && *at == '"') {
		at++;
		end--;
	}
	if (at == end)
		return false;
	for (; at < end; at++) {
		if (!isdigit((unsigned char)*at))
			return false;
		value = value > UINT64_MAX / 16 ? UINT64_MAX / 16
						: value * 10 + (uint64_t)(*at - '0');
	}
	*valuep = value;
	return true;
}

/* ---- Splunk ---- */

static int on_hec_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			 void *arg)
{
	const char *at = c->at;
	int r = json_scan_value(c, depth);

	if (r == 0 && json_slice_is(key, "code"))
		(void)read_number(at, c->at, arg);
	return r;
}

/* The codes are those of Splunk's "Troubleshoot HTTP Event Collector". */
int answers_read_hec(const char *text, size_t len)
{
	uint64_t code = 0;

	if (scan_answer(text, len, on_hec_member, &code) != 0)
		return 200;
	switch (code) {
	case 0:
	case 17: /* it is healthy */
		return 200;
	case 1 ... 4: /* tokens */
		return 403;
	case 8: /* internal error */
		return 500;
	case 9:         /* busy */
	case 18 ... 20: /* its queues are full, or it serves no acknowledgements */
	case 23 ... 28: /* it ends, or its queues are full */
		return 503;
	default: /* bad data */
		return 400;
	}
}

/* ---- OTLP ---- */

struct otlp {
	uint64_t n_rejected;
	struct json_slice reason;
};

static int on_partial_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			     void *arg)
{
	struct otlp *o = arg;
	const char *at = c->at;
	int r = json_scan_value(c, depth);

	if (r != 0)
		return r;
	if (json_slice_is(key, "rejectedLogRecords") || json_slice_is(key, "rejected_log_records"))
		(void)read_number(at, c->at, &o->n_rejected);
	else if (json_slice_is(key, "errorMessage") || json_slice_is(key, "error_message"))
		o->reason = (struct json_slice){ at, (size_t)(c->at - at) };
	return 0;
}

static int on_otlp_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			  void *arg)
{
	if (is_at(c, '{') &&
	    (json_slice_is(key, "partialSuccess") || json_slice_is(key, "partial_success")))
		return json_scan_object(c, depth, on_partial_member, arg);
	return json_scan_value(c, depth);
}

/* ExportLogsPartialSuccess: 1 is the number, 2 the reason. */
static int read_partial(struct protobuf_cursor c, struct otlp *o)
{
	struct protobuf_field f;

	while (c.at < c.end) {
		if (protobuf_next(&c, &f) != 0)
			return RESULTS_E_MISFIT;
		if (f.number == 1 && f.wire == PROTOBUF_VARINT)
			o->n_rejected = f.value > INT64_MAX ? 0 : f.value;
		else if (f.number == 2 && f.wire == PROTOBUF_BYTES)
			o->reason = (struct json_slice){ f.data, f.len };
	}
	return 0;
}

/* ExportLogsServiceResponse: 1 is its partial success. */
static int read_proto(const char *data, size_t len, struct otlp *o)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	struct protobuf_field f;
	int r = 0;

	while (r == 0 && c.at < c.end) {
		if (protobuf_next(&c, &f) != 0)
			return RESULTS_E_MISFIT;
		if (f.number == 1 && f.wire == PROTOBUF_BYTES)
			r = read_partial(protobuf_open(f.data, f.len), o);
	}
	return r;
}

uint64_t answers_read_otlp(enum format_id format, const char *data, size_t len,
			   struct json_slice *reason)
{
	struct otlp o = { 0 };
	int r = format == FORMAT_OTLP_PROTO ? read_proto(data, len, &o)
					    : scan_answer(data, len, on_otlp_member, &o);

	*reason = r == 0 ? o.reason : (struct json_slice){ data, 0 };
	return r == 0 ? o.n_rejected : 0;
}
