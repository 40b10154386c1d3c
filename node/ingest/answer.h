#ifndef WEIR_NODE_ANSWER_H
#define WEIR_NODE_ANSWER_H
/*
 * The answers of the ingest port, as bytes. The one place that writes them.
 */
#include <stdint.h>

#include "common/buf.h"
#include "common/http/http_reader.h"
#include "node/http/refusal.h"
#include "node/ingest/answer_format.h"
#include "node/ingest/grpc.h"
#include "registry/roster.h"

enum answer_kind {
	ANSWER_ACCEPTED, /* 202 {"status":"accepted","messages":n}, or as its format wants it */
	ANSWER_REFUSED,  /* application/problem+json, or as its format wants it */
	ANSWER_TEXT,     /* health checks: `status` and `text` */
	ANSWER_OPTIONS,  /* `status` 204 or 200, with Allow */
	ANSWER_KINDS
};

struct answer {
	enum answer_kind kind;
	enum refusal refusal;   /* REFUSED */
	int status;             /* TEXT, OPTIONS */
	const char *text;       /* TEXT: static */
	const char *media_type; /* TEXT: static; NULL: plain text */
	char *items;            /* ACCEPTED, _bulk: owned */
	size_t n_items_bytes, n_items_charged;
	struct answer_style style;
	bool is_elastic;                    /* it says that this is Elasticsearch */
	bool says_200;                      /* ACCEPTED: 200 instead of 202 */
	const char *allow;                  /* REFUSED with 405, OPTIONS: static */
	const char *path;                   /* that was asked for: static; NULL: unknown */
	uint8_t method;                     /* enum http_method, of the request */
	uint8_t grpc;                       /* enum grpc_method: a call is answered */
	uint8_t format;                     /* of the packet: enum format_id + 1; 0: unknown */
	uint8_t token;                      /* of the agent: its slot + 1; 0: none was right */
	uint32_t n_messages;                /* ACCEPTED; REFUSED: read before the fault */
	uint32_t retry_after_s;             /* REFUSED with 503 or 429 */
	bool head_only;                     /* it was a HEAD request */
	bool says_keep_alive;               /* an HTTP/1.0 client would not expect it */
	char analyzer[ANALYZER_ID_MAX + 1]; /* ACCEPTED: who has it, "" = not known yet */
};

#define ANSWER_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/* The Date header's value, made anew once a second. */
struct answer_date {
	uint64_t made_s;
	char text[32];
};
void answer_date_update(struct answer_date *date, uint64_t wall_us);

/* close: with "Connection: close". */
void answer_write(struct buf *out, const struct answer *answer, const struct answer_date *date,
		  bool close);

#endif
