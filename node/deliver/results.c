#include "node/deliver/results.h"

#include <ctype.h>
#include <string.h>

#include "common/grpc/grpc_deliver.h"
#include "common/json/json_scan.h"

struct reading {
	struct result *results;
	unsigned n, n_read;
	bool is_found; /* an array of results */
	int status;    /* of the result that is being read; 0: it has none */
};

int results_read_status(const char *at, const char *end)
{
	int status = 0;

	if (end - at != 3)
		return 0;
	for (; at < end; at++) {
		if (!isdigit((unsigned char)*at))
			return 0;
		status = status * 10 + *at - '0';
	}
	return status >= 100 && status <= 599 ? status : 0;
}

static int on_field(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct reading *r = arg;
	const char *at = c->at;
	int code = json_scan_value(c, depth);

	if (code == 0 && !r->status && json_slice_is(key, "status"))
		r->status = results_read_status(at, c->at);
	return code;
}

static int on_result(struct json_cursor *c, unsigned depth, void *arg)
{
	struct reading *r = arg;
	const char *at = c->at;
	int code;

	r->status = 0;
	code = c->at < c->end && *c->at == '{' ? json_scan_object(c, depth, on_field, r)
					       : RESULTS_E_MISFIT;
	if (code != 0)
		return code;
	if (r->n_read == r->n || !r->status)
		return RESULTS_E_MISFIT;
	r->results[r->n_read++] = (struct result){ r->status, at, (size_t)(c->at - at) };
	return 0;
}

static int on_member(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct reading *r = arg;
	size_t n_elements;

	if (r->is_found || !json_slice_is(key, "results") || c->at == c->end || *c->at != '[')
		return json_scan_value(c, depth);
	r->is_found = true;
	return json_scan_array(c, depth, on_result, r, &n_elements);
}

bool results_may_be_in(const char *json, size_t len)
{
	return memmem(json, len, "results", strlen("results")) != NULL;
}

int results_read(const char *json, size_t len, struct result *results, unsigned n)
{
	struct reading r = { .results = results, .n = n };
	struct json_cursor c = { .at = json, .end = json + len };
	int code;

	json_scan_space(&c);
	if (c.at == c.end || *c.at != '{')
		return RESULTS_E_NONE;
	code = json_scan_object(&c, JSON_MAX_DEPTH, on_member, &r);
	json_scan_space(&c);
	if (!r.is_found && code == 0)
		return RESULTS_E_NONE;
	return code == 0 && c.at == c.end && r.n_read == n ? 0 : RESULTS_E_MISFIT;
}

int results_read_call(const char *data, size_t len, struct result *results, unsigned n)
{
	struct protobuf_cursor c = { data, data + len };
	struct grpc_result read;
	unsigned n_read = 0;
	int r;

	while ((r = grpc_result_next(&c, &read)) == 0) {
		if (n_read == n || read.status < 100 || read.status > 599)
			return RESULTS_E_MISFIT;
		results[n_read++] =
			(struct result){ (int)read.status, read.error.data, read.error.len };
	}
	if (r == GRPC_DELIVER_E_END && n_read == 0)
		return RESULTS_E_NONE;
	return r == GRPC_DELIVER_E_END && n_read == n ? 0 : RESULTS_E_MISFIT;
}
