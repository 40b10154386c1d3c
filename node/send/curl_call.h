#ifndef WEIR_NODE_CURL_CALL_H
#define WEIR_NODE_CURL_CALL_H
/*
 * One easy handle of libcurl, and the transfer that it is set up for: what goes out, what comes
 * back. What its end means is in curl_answer.h.
 */
#include <curl/curl.h>

#include "common/err.h"
#include "common/net/net_allow.h"
#include "node/send/answer_body.h"

struct sender_tls;

struct curl_call {
	CURL *easy;
	struct transfer *transfer; /* NULL: none */
	struct curl_slist *headers;
	struct transfer_place place;
	struct answer_body body;
	const struct net_allow *allow;
	char host[NET_HOST_SIZE]; /* of the URL */
	const char *refused; /* why the last address that was tried is not allowed; NULL: it is */
};

/* NULL: out of memory. */
/* Borrows allow (NULL: any address) and tls (NULL: as the system has it). */
struct curl_call *curl_call_new(const struct net_allow *allow, const struct sender_tls *tls);
void curl_call_free(struct curl_call *c);
/* -ENOMEM: as before. */
int curl_call_set_up(struct curl_call *c, struct transfer *t) MUST_CHECK;

#endif
