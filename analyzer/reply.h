#ifndef WEIR_ANALYZER_REPLY_H
#define WEIR_ANALYZER_REPLY_H
/*
 * A request as the handlers see it, and the one writer of answers.
 */
#include <civetweb.h>
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "analyzer/refusal.h"

struct request {
	struct mg_connection *conn;
	const struct mg_request_info *info;
	const char *allow; /* methods of its path, for 405 */
	bool close;        /* the connection is not kept after the answer */
};

/* Each sends the whole answer and returns its status. */
int reply_text(const struct request *rq, int status, const char *content_type, const char *body,
	       size_t len);
/* Takes json; NULL (out of memory) is answered with 503. */
int reply_json(const struct request *rq, int status, cJSON *json);
int reply_refusal(const struct request *rq, enum refusal reason);
/* For what civetweb refuses by itself. */
int reply_problem(const struct request *rq, int status, const char *detail);

#endif
