#ifndef WEIR_NODE_CURL_CALL_H
#define WEIR_NODE_CURL_CALL_H
/*
 * One easy handle of libcurl, and the transfer that it is set up for: what goes out, what comes
 * back, what its end means.
 */
#include <curl/curl.h>

#include "common/err.h"
#include "common/http/http_response.h"
#include "common/net/net_allow.h"
#include "node/send/transfer.h"

#define CURL_CALL_MAX_ANSWER (1u << 20) /* bytes; it breaks off at a longer one */

struct sender_tls;

struct curl_call {
	CURL *easy;
	struct transfer *transfer; /* NULL: none */
	struct curl_slist *headers;
	size_t part, part_offset; /* of the body: where its next byte is */
	size_t n_answer_bytes;
	size_t said_len; /* of the answer's body, as much as fits */
	char said[HTTP_RESPONSE_QUOTE_BYTES];
	struct buf
		body; /* of the answer, where it is not longer than HTTP_RESPONSE_KEEP_BYTES, or what the transfer says; owned */
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
/* The transfer, of which it is not the call any more; on_done runs. */
void curl_call_end(struct curl_call *c, CURLcode code);

#endif
