#ifndef WEIR_ANALYZER_REPLY_H
#define WEIR_ANALYZER_REPLY_H
/*
 * The one writer of answers.
 */
#include "analyzer/refusal.h"
#include "common/front/front_request.h"

/* Each writes the whole answer and returns its status. */
int reply_text(struct front_request *rq, int status, const char *content_type, const char *body,
	       size_t len);
/* Takes json; NULL (out of memory) is answered with 503. */
int reply_json(struct front_request *rq, int status, cJSON *json);
/* allow: the methods of its path, for 405. */
int reply_refusal(struct front_request *rq, enum refusal reason, const char *allow);

#endif
