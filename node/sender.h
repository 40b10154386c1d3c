#ifndef WEIR_NODE_SENDER_H
#define WEIR_NODE_SENDER_H
/*
 * HTTP requests to analyzers: libcurl's multi interface on the loop of the caller.
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct sender;

/* One request and its outcome. The owner keeps it, and what it points to, until on_done has run. */
struct transfer {
	const char *url;
	const char *body; /* NULL: a GET */
	size_t len;
	struct curl_slist *headers;      /* NULL: none */
	uint32_t connect_ms, timeout_ms; /* of connecting; of all of it */
	/* Runs exactly once for each sender_start that returned 0, never from inside it. */
	void (*on_done)(struct transfer *t);

	CURLcode result;        /* CURLE_OK: there is a status */
	int status;             /* 0 while there is none */
	uint32_t retry_after_s; /* 0: not said */
	uint64_t started_us, ended_us;

	CURL *easy;                   /* the sender's */
	struct transfer *prev, *next; /* of those under way */
};

/* NULL: out of memory. */
struct sender *sender_new(struct event_base *base);
/* Transfers under way end with CURLE_ABORTED_BY_CALLBACK. */
void sender_free(struct sender *s);
int sender_start(struct sender *s, struct transfer *t) MUST_CHECK;
/* At the end of each turn of the loop: what was started gets going without another turn. */
void sender_turn(struct sender *s);

#endif
