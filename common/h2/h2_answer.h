#ifndef WEIR_COMMON_H2_ANSWER_H
#define WEIR_COMMON_H2_ANSWER_H
/*
 * An answer, which was written as text of HTTP/1.1, on its way to the client as frames. That of a call
 * of gRPC with a body is a success, and its status follows it.
 */
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "common/h2/h2_head.h"

struct h2_answer {
	struct buf text; /* owned */
	size_t n_sent;   /* bytes of it that are frames */
	bool is_call;
};

static inline nghttp2_nv h2_answer_field(const char *name, const char *value)
{
	return (nghttp2_nv){ .name = (uint8_t *)name,
			     .namelen = strlen(name),
			     .value = (uint8_t *)value,
			     .valuelen = strlen(value) };
}

/* Borrows the answer until its stream is closed. is_interim: another one follows (1xx). An error of
 * nghttp2. */
int h2_answer_submit(nghttp2_session *session, int32_t id, struct h2_answer *answer,
		     bool is_interim) MUST_CHECK;

#endif
