#include "analyzer/reply.h"

int reply_text(struct front_request *rq, int status, const char *content_type, const char *body,
	       size_t len)
{
	struct web_answer answer = {
		.status = status, .content_type = content_type, .body = body, .len = len
	};

	return front_send(rq, &answer);
}

int reply_json(struct front_request *rq, int status, cJSON *json)
{
	return json ? front_send_json(rq, status, json) : reply_refusal(rq, REFUSED_MEMORY, NULL);
}

int reply_refusal(struct front_request *rq, enum refusal reason, const char *allow)
{
	const struct refusal_info *info = &refusals[reason];
	struct web_answer answer = { .status = info->status,
				     .retry_after_s = info->retry_after_s,
				     .allow = info->status == 405 ? allow : NULL };

	return front_send_problem(rq, &answer, info->name, info->detail);
}
