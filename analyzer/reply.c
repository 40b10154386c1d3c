#include "analyzer/reply.h"

#include <string.h>

#include "common/buf.h"

static void head_start(struct buf *out, const struct request *rq, int status,
		       const char *content_type, size_t len)
{
	buf_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", status,
		   mg_get_response_code_text(rq->conn, status), content_type, len);
	if (rq->close)
		buf_append_str(out, "Connection: close\r\n");
}

/* Ends the head, adds the body, and sends both in one piece. */
static int send_rest(const struct request *rq, struct buf *out, int status, const char *body,
		     size_t len)
{
	const char *method =
	    rq->info->request_method; /* NULL where the request was not understood */
	bool is_head = method && strcmp(method, "HEAD") == 0;

	buf_append_str(out, "\r\n");
	if (!is_head)
		buf_append(out, body, len);
	if (rq->close || out->failed)
		mg_disable_connection_keep_alive(rq->conn);
	if (!out->failed)
		mg_write(rq->conn, out->data, out->len);
	buf_deinit(out);
	return status;
}

int reply_text(const struct request *rq, int status, const char *content_type, const char *body,
	       size_t len)
{
	struct buf out = {0};

	head_start(&out, rq, status, content_type, len);
	return send_rest(rq, &out, status, body, len);
}

int reply_json(const struct request *rq, int status, cJSON *json)
{
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	if (!text)
		return reply_refusal(rq, REFUSED_MEMORY);
	status = reply_text(rq, status, "application/json", text, strlen(text));
	cJSON_free(text);
	return status;
}

/* The body of a problem (RFC 9457); the caller's. NULL: out of memory. */
static char *problem_body(const struct request *rq, int status, const char *code,
			  const char *detail)
{
	cJSON *json = cJSON_CreateObject();
	char *text = NULL;

	if (cJSON_AddStringToObject(json, "type", "about:blank") &&
	    cJSON_AddStringToObject(json, "title", mg_get_response_code_text(rq->conn, status)) &&
	    cJSON_AddNumberToObject(json, "status", status) &&
	    cJSON_AddStringToObject(json, "detail", detail) &&
	    (!code || cJSON_AddStringToObject(json, "code", code)))
		text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	return text;
}

static int send_problem(const struct request *rq, struct buf *out, int status, char *body)
{
	status = send_rest(rq, out, status, body ? body : "", body ? strlen(body) : 0);
	cJSON_free(body);
	return status;
}

int reply_refusal(const struct request *rq, enum refusal reason)
{
	const struct refusal_info *info = &refusals[reason];
	char *body = problem_body(rq, info->status, info->name, info->detail);
	struct buf out = {0};

	head_start(&out, rq, info->status, "application/problem+json", body ? strlen(body) : 0);
	if (info->retry_after_s > 0)
		buf_printf(&out, "Retry-After: %u\r\n", info->retry_after_s);
	if (info->status == 405)
		buf_printf(&out, "Allow: %s\r\n", rq->allow);
	return send_problem(rq, &out, info->status, body);
}

int reply_problem(const struct request *rq, int status, const char *detail)
{
	char *body = problem_body(rq, status, NULL, detail);
	struct buf out = {0};

	head_start(&out, rq, status, "application/problem+json", body ? strlen(body) : 0);
	return send_problem(rq, &out, status, body);
}
