#ifndef WEIR_COMMON_GRPC_ANSWER_H
#define WEIR_COMMON_GRPC_ANSWER_H
/*
 * What the answer to a unary call says: its status as HTTP has it, when to come again, the reason in
 * words, and the bytes of its message. All that is read is foreign. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define GRPC_ANSWER_E_BROKEN 1
#define GRPC_WORDS_BYTES 300

/* The stream as it came. Fields are NULL where they are missing. */
struct grpc_stream {
	int http_status;
	const char *status, *message,
		*details;              /* grpc-status, grpc-message, grpc-status-details-bin */
	const char *body;              /* its front, where it was longer than is kept */
	size_t body_len, n_body_bytes; /* that are kept; that came */
	bool is_whole;                 /* the stream ended, and was not cut off */
};

struct grpc_answer {
	int status;            /* of HTTP: 200, 503 */
	int32_t retry_after_s; /* -1: not said */
	char words
		[GRPC_WORDS_BYTES]; /* "UNAVAILABLE: the queue is full"; of an answer that is OK: "" */
	const char *message; /* borrowed from the body; NULL: none, or it was not kept whole */
	size_t message_len;
};

/* GRPC_ANSWER_E_BROKEN: it is none, and *whyp (static) says why. */
int grpc_answer_read(const struct grpc_stream *stream, struct grpc_answer *answer,
		     const char **whyp) MUST_CHECK;

#endif
