/*
 * Items as bodies of HTTP requests. What a server may take later is left pending; what it will never
 * take is refused. A status that tells of a wrong URL or a wrong password is no fault of the messages.
 */
#include <string.h>

#include "analyzer/http_client.h"
#include "analyzer/sink/sink_form.h"
#include "analyzer/sink/sink_headers.h"
#include "common/clock.h"
#include "common/log.h"

#define MAX_BODY_BYTES (512u << 10) /* below the limit that servers usually have */
#define KEEP_MAX_BYTES (4u << 20)   /* of the memory of a body, for the next one */
#define MAX_ANSWER_BYTES (8u << 20)
#define MAX_ITEMS 10000

struct http_carrier {
	const struct sink_options *options;
	const struct sink_form *form;
	struct sink_counters *counters;
	struct http_client *http; /* owned */
	struct buf body;
	size_t *sent; /* owned; indexes of the items in the request */
};

static const struct sink_form *form_of(enum target_kind kind)
{
	switch (kind) {
	case TARGET_GELF_HTTP:
		return &gelf_form;
	case TARGET_BULK:
		return &bulk_form;
	case TARGET_LOKI:
		return &loki_form;
	case TARGET_OTLP:
		return &otlp_form;
	default:
		return &lines_form;
	}
}

static void close_http(void *arg)
{
	struct http_carrier *carrier = arg;

	if (!carrier)
		return;
	http_client_free(carrier->http);
	buf_deinit(&carrier->body);
	free(carrier->sent);
	free(carrier);
}

static int add_header(const char *line, void *arg)
{
	return http_client_add_header(arg, line);
}

static void *open_http(const struct sink_options *options, struct sink_counters *counters)
{
	struct http_carrier *carrier = calloc(1, sizeof(*carrier));

	if (!carrier)
		return NULL;
	carrier->options = options;
	carrier->counters = counters;
	carrier->form = form_of(options->target.kind);
	carrier->sent = calloc(MAX_ITEMS, sizeof(*carrier->sent));
	carrier->http = http_client_new(carrier->form->content_type, NULL);
	if (!carrier->sent || !carrier->http ||
	    (options->header_file &&
	     sink_headers_read(options->header_file, add_header, carrier->http))) {
		close_http(carrier);
		return NULL;
	}
	http_client_trust(carrier->http, options->ca);
	http_client_keep_answer(carrier->http, MAX_ANSWER_BYTES);
	return carrier;
}

/* As many pending items as one request may have, the first at `*nextp`. Returns their number. */
static size_t make_body(struct http_carrier *carrier, const struct items *items, size_t *nextp)
{
	const struct sink_form *form = carrier->form;
	struct buf *body = &carrier->body;
	size_t n = 0, i = *nextp;

	buf_clear(body);
	if (form->begin)
		form->begin(body, carrier->options);
	for (; i < items->n && n < form->max_items && n < MAX_ITEMS; i++) {
		if (items->list[i].state != ITEM_PENDING)
			continue;
		if (n > 0 && body->len + items->list[i].len > MAX_BODY_BYTES)
			break;
		if (n > 0)
			buf_append_str(body, form->separator);
		buf_append(body, items_data(items, i), items->list[i].len);
		carrier->sent[n++] = i;
	}
	buf_append_str(body, form->end);
	*nextp = i;
	return n;
}

static int judge(struct http_carrier *carrier, struct items *items, size_t n, long status)
{
	const char *answer = http_client_answer(carrier->http);
	bool is_fine = status >= 200 && status < 300;

	if (is_fine && carrier->form->judge)
		return carrier->form->judge(items, carrier->sent, n, answer);
	if (!is_fine)
		log_warn("sink", "refused", "status=%ld messages=%zu answer=%.200s", status, n,
			 answer);
	if (!is_fine && !sink_status_is_final(status))
		return SINK_E_AWAY;
	for (size_t i = 0; i < n; i++)
		items->list[carrier->sent[i]].state = is_fine ? ITEM_TAKEN : ITEM_REFUSED;
	return 0;
}

static int post(struct http_carrier *carrier, struct items *items, size_t n, uint64_t until_us)
{
	uint64_t now_us = clock_mono_us(),
		 left_ms = until_us > now_us ? (until_us - now_us) / US_PER_MS : 0;
	long status;
	int r = SINK_E_AWAY;

	if (carrier->body.failed)
		return -ENOMEM;
	if (left_ms == 0) {
		log_warn("sink", "no time left", "messages=%zu", n);
	} else if (http_client_send(carrier->http, "POST", carrier->options->target.url,
				    carrier->body.data, carrier->body.len, left_ms, &status)) {
		log_warn("sink", "no answer", "reason=%s", http_client_error(carrier->http));
	} else {
		r = judge(carrier, items, n, status);
	}
	if (r)
		atomic_fetch_add(&carrier->counters->failures, 1);
	return r;
}

static int send_http(void *arg, struct items *items, uint64_t until_us)
{
	struct http_carrier *carrier = arg;
	size_t next = 0, n;
	int r = 0;

	while (r == 0 && (n = make_body(carrier, items, &next)) > 0)
		r = post(carrier, items, n, until_us);
	if (carrier->body.capacity > KEEP_MAX_BYTES)
		buf_deinit(&carrier->body);
	if (r == 0 && items_count(items, ITEM_PENDING) > 0)
		r = SINK_E_AWAY;
	return r;
}

const struct carrier_ops carrier_http = { open_http, close_http, send_http, NULL };
