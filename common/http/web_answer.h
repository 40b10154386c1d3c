#ifndef WEIR_COMMON_WEB_ANSWER_H
#define WEIR_COMMON_WEB_ANSWER_H
/*
 * One writer of answers for the servers that people and scripts ask: admin port and analyzer. It
 * knows no sockets.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "common/buf.h"

struct web_answer {
	int status;
	const char *content_type;
	const char *body;
	size_t len;
	const char *allow;      /* NULL: no Allow */
	unsigned retry_after_s; /* 0: no Retry-After */
	bool close;             /* the connection is not kept */
	const char *policy;     /* Content-Security-Policy; NULL: WEB_POLICY_NONE */
	const char *cache;      /* Cache-Control; NULL: no-store */
	const char *etag;       /* with its quotes; NULL: no ETag */
	const char *vary;       /* NULL: no Vary */
};

/* For what is no page: a browser that shows it loads and runs nothing. */
#define WEB_POLICY_NONE "default-src 'none'; frame-ancestors 'none'"

/* "Not Found"; "Unknown" for a status that nothing here answers. */
const char *web_status_text(int status);
/* The fields that keep a browser from reading more into an answer than it says. NULL as above. */
void web_append_safety(struct buf *out, const char *policy, const char *cache);
/* The whole answer. A HEAD request and a 304 get no body, but its length. */
void web_append_answer(struct buf *out, const struct web_answer *answer, bool is_head);
/* RFC 9457. code may be NULL. Free it with cJSON_free; NULL: out of memory. */
char *web_problem_text(int status, const char *code, const char *detail);

#endif
