#include "common/front/front_request.h"

#include <string.h>
#include <strings.h>

#include "common/grpc/grpc_frame.h"
#include "common/grpc/grpc_retry.h"
#include "common/grpc/grpc_text.h"
#include "common/http/http_field.h"
#include "common/printable.h"

static const char *const field_names[] = {
	"Host",          "Origin",           "Accept",      "Authorization",
	"Content-Type",  "Content-Encoding", "If-Match",    "If-None-Match",
	"Last-Event-ID", "Sec-Fetch-Site",   "Weir-Format", "Weir-Packets",
	"Weir-Node",     "Weir-Pool",        "Weir-User",
};
static_assert(ARRAY_LEN(field_names) == FRONT_FIELDS, "every field has a name");

static int find_field(struct http_slice name)
{
	for (int i = 0; i < FRONT_FIELDS; i++)
		if (strlen(field_names[i]) == name.len &&
		    strncasecmp(field_names[i], name.data, name.len) == 0)
			return i;
	return -1;
}

/* A field that is repeated is a list (RFC 9110, 5.3). */
static int add_value(char **valuep, struct http_slice value)
{
	size_t n_before = *valuep ? strlen(*valuep) : 0, n_comma = n_before ? 2 : 0;
	char *text = realloc(*valuep, n_before + n_comma + value.len + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text + n_before, ", ", n_comma);
	if (value.len)
		memcpy(text + n_before + n_comma, value.data, value.len);
	text[n_before + n_comma + value.len] = '\0';
	*valuep = text;
	return 0;
}

int front_request_init(struct front_request *rq, const struct http_head *head, const char *section,
		       size_t len)
{
	struct http_slice name, value;
	struct http_fields fields;
	int r = 0, i;

	rq->method = head->method;
	rq->is_http_1_0 = head->minor_version == 0;
	rq->path = strndup(head->path.len ? head->path.data : "", head->path.len);
	rq->query = head->query.data ? strndup(head->query.data, head->query.len) : NULL;
	if (!rq->path || (head->query.data && !rq->query))
		return -ENOMEM;
	http_fields_begin(&fields, section, len);
	while (r == 0 && http_fields_next(&fields, &name, &value)) {
		i = find_field(name);
		if (i >= 0)
			r = add_value(&rq->fields[i], value);
	}
	return r;
}

void front_request_deinit(struct front_request *rq)
{
	for (unsigned i = 0; i < FRONT_FIELDS; i++)
		free(rq->fields[i]);
	free(rq->path);
	free(rq->query);
	buf_deinit(&rq->body);
	buf_deinit(&rq->out);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool front_decode(char *text)
{
	char *to = text;
	int high, low;

	for (; *text; text++, to++) {
		*to = *text;
		if (*text != '%')
			continue;
		high = hex_digit(text[1]);
		low = high >= 0 ? hex_digit(text[2]) : -1;
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to = (char)(high << 4 | low);
		text += 2;
	}
	*to = '\0';
	return true;
}

int front_parameter(const struct front_request *rq, const char *name, char *out, size_t size)
{
	size_t n_name = strlen(name), len;
	const char *at = rq->query;

	for (; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
		if (strncmp(at, name, n_name) != 0 || at[n_name] != '=')
			continue;
		at += n_name + 1;
		len = strcspn(at, "&");
		if (len >= size)
			return -1;
		memcpy(out, at, len);
		out[len] = '\0';
		for (char *p = out; *p; p++)
			*p = *p == '+' ? ' ' : *p;
		return front_decode(out) ? 1 : -1;
	}
	return 0;
}

int front_send(struct front_request *rq, const struct web_answer *answer)
{
	struct web_answer whole = *answer;

	rq->must_close |= answer->close;
	whole.close = rq->must_close;
	buf_clear(&rq->out);
	web_append_answer(&rq->out, &whole, rq->method == HTTP_HEAD);
	return answer->status;
}

int front_send_json(struct front_request *rq, int status, cJSON *json)
{
	return front_answer_json(rq, &(struct web_answer){ .status = status }, json);
}

int front_answer_json(struct front_request *rq, const struct web_answer *from, cJSON *json)
{
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;
	struct buf shown CLEANUP(buf_deinit) = { 0 };
	struct web_answer answer = *from;

	cJSON_Delete(json);
	/* In strings these are escaped already: what is left stands between the values of a body. */
	if (text)
		printable_append(&shown, text, strlen(text), "\t\n\r");
	cJSON_free(text);
	if (!text || shown.failed) {
		answer = (struct web_answer){ .status = 503, .retry_after_s = 1 };
		return front_send_problem(rq, &answer, "memory", "Out of memory.");
	}
	answer.content_type = "application/json";
	answer.body = shown.data;
	answer.len = shown.len;
	return front_send(rq, &answer);
}

/* ---- calls ---- */

static void begin_call_answer(struct front_request *rq)
{
	buf_clear(&rq->out);
	buf_append_str(&rq->out, "HTTP/1.1 200 OK\r\nContent-Type: " GRPC_MEDIA_TYPE "\r\n");
}

int front_send_message(struct front_request *rq, const char *message, size_t len)
{
	char prefix[GRPC_PREFIX_BYTES];

	assert(rq->is_call);
	begin_call_answer(rq);
	grpc_frame_write_prefix(prefix, (uint32_t)len);
	buf_append_str(&rq->out, "\r\n");
	buf_append(&rq->out, prefix, sizeof(prefix));
	buf_append(&rq->out, message, len);
	return 200;
}

void front_refuse_call(struct front_request *rq, enum grpc_code code, unsigned retry_after_s,
		       const char *detail)
{
	assert(rq->is_call);
	begin_call_answer(rq);
	buf_printf(&rq->out, "Grpc-Status: %d\r\nGrpc-Message: ", (int)code);
	grpc_write_message(&rq->out, detail);
	buf_append_str(&rq->out, "\r\n");
	if (retry_after_s > 0) {
		buf_append_str(&rq->out, "Grpc-Status-Details-Bin: ");
		grpc_retry_write(&rq->out, code, detail, retry_after_s);
		buf_append_str(&rq->out, "\r\n");
	}
	buf_append_str(&rq->out, "\r\n");
}

int front_send_problem(struct front_request *rq, const struct web_answer *from, const char *code,
		       const char *detail)
{
	struct buf shown CLEANUP(buf_deinit) = { 0 };
	struct web_answer answer = *from;
	char *text;

	if (rq->is_call) {
		front_refuse_call(rq, grpc_code_of_status(from->status), from->retry_after_s,
				  detail);
		return from->status;
	}
	text = web_problem_text(from->status, code, detail);
	if (text)
		printable_append(&shown, text, strlen(text), "");
	cJSON_free(text);
	answer.content_type = "application/problem+json";
	answer.body = buf_str(&shown);
	answer.len = shown.len;
	return front_send(rq, &answer);
}
