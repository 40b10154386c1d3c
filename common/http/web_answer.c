#include "common/http/web_answer.h"

const char *web_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 508, "Loop Detected" },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

void web_append_safety(struct buf *out, const char *policy, const char *cache)
{
	buf_printf(out,
		   "Content-Security-Policy: %s\r\nCache-Control: %s\r\n"
		   "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
		   "Cross-Origin-Resource-Policy: same-origin\r\n",
		   policy ? policy : WEB_POLICY_NONE, cache ? cache : "no-store");
}

static void append_field(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_printf(out, "%s: %s\r\n", name, value);
}

void web_append_answer(struct buf *out, const struct web_answer *a, bool is_head)
{
	buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, web_status_text(a->status));
	append_field(out, "Content-Type", a->content_type);
	if (a->status != 204)
		buf_printf(out, "Content-Length: %zu\r\n", a->len);
	web_append_safety(out, a->policy, a->cache);
	append_field(out, "Connection", a->close ? "close" : NULL);
	append_field(out, "ETag", a->etag);
	append_field(out, "Allow", a->allow);
	append_field(out, "Vary", a->vary);
	append_field(out, "WWW-Authenticate", a->status == 401 ? "Bearer" : NULL);
	if (a->retry_after_s)
		buf_printf(out, "Retry-After: %u\r\n", a->retry_after_s);
	buf_append_str(out, "\r\n");
	if (!is_head && a->status != 304)
		buf_append(out, a->body, a->len);
}

char *web_problem_text(int status, const char *code, const char *detail)
{
	cJSON *json = cJSON_CreateObject();
	char *text = NULL;

	if (cJSON_AddStringToObject(json, "type", "about:blank") &&
	    cJSON_AddStringToObject(json, "title", web_status_text(status)) &&
	    cJSON_AddNumberToObject(json, "status", status) &&
	    cJSON_AddStringToObject(json, "detail", detail) &&
	    (!code || cJSON_AddStringToObject(json, "code", code)))
		text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	return text;
}
