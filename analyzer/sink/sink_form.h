#ifndef WEIR_ANALYZER_SINK_FORM_H
#define WEIR_ANALYZER_SINK_FORM_H
/*
 * How items make the body of an HTTP request, and what its answer says about them.
 */
#include "analyzer/sink/sink_kind.h"

struct sink_form {
	const char *content_type;
	size_t max_items;      /* in one request */
	const char *separator; /* between items; "": they have their own ends */
	void (*begin)(struct buf *body, const struct sink_options *options); /* NULL: nothing */
	const char *end;
	/* A 2xx answer: sets the state of the items that the request had. SINK_E_AWAY: it is no answer of
	 * such a server. NULL: all are taken. */
	int (*judge)(struct items *items, const size_t *sent, size_t n_sent, const char *answer);
};

/* What the request or document has cannot be taken, now or later. All other refusals may pass: of rights,
 * of an index that is read-only or not there yet. */
static inline bool sink_status_is_final(long status)
{
	return status == 400 || status == 413 || status == 422;
}

extern const struct sink_form gelf_form, bulk_form, loki_form, otlp_form, lines_form;

#endif
