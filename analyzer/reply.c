#include "analyzer/reply.h"

#include <string.h>

#include "common/http/web.h"

int reply_text(const struct request *rq, int status, const char *content_type, const char *body,
	       size_t len)
{
	struct web_answer answer = { .status = status,
				     .content_type = content_type,
				     .body = body,
				     .len = len,
				     .close = rq->close };

	return web_send(rq->conn, &answer);
}

int reply_json(const struct request *rq, int status, cJSON *json)
{
	return json ? web_send_json(rq->conn, status, json, rq->close)
		    : reply_refusal(rq, REFUSED_MEMORY);
}

int reply_refusal(const struct request *rq, enum refusal reason)
{
	const struct refusal_info *info = &refusals[reason];
	struct web_answer answer = { .status = info->status,
				     .retry_after_s = info->retry_after_s,
				     .allow = info->status == 405 ? rq->allow : NULL,
				     .close = rq->close };

	return web_send_problem(rq->conn, &answer, info->name, info->detail);
}

int reply_problem(const struct request *rq, int status, const char *detail)
{
	struct web_answer answer = { .status = status, .close = rq->close };

	return web_send_problem(rq->conn, &answer, NULL, detail);
}
