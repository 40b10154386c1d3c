#include "node/ingest/answer.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "common/http/web_answer.h"

void answer_date_update(struct answer_date *date, uint64_t wall_us)
{
	time_t now_s = (time_t)(wall_us / US_PER_S);
	struct tm tm;

	if ((uint64_t)now_s == date->made_s)
		return;
	date->made_s = (uint64_t)now_s;
	gmtime_r(&now_s, &tm);
	strftime(date->text, sizeof(date->text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* A field line without its end, and with the end of the one before it; or nothing. */
static const char *connection(const struct answer *a, bool close)
{
	if (close)
		return "\r\nConnection: close";
	return a->says_keep_alive ? "\r\nConnection: keep-alive" : "";
}

/* Status line and the fields that every answer has; the empty line is still to come. */
static void write_head(struct buf *out, const struct answer *a, int status, const char *type,
		       size_t length, const struct answer_date *date, bool close)
{
	buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s%s\r\n", status, web_status_text(status),
		   date->text, connection(a, close));
	if (a->is_elastic)
		buf_append_str(out, "X-Elastic-Product: Elasticsearch\r\n");
	if (type)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, length);
}

static void write_body(struct buf *out, const struct answer *a, const char *body, size_t len)
{
	buf_append(out, "\r\n", 2);
	if (!a->head_only)
		buf_append(out, body, len);
}

#define ACCEPTED_FIELDS "\r\nContent-Type: application/json\r\nDate: "
#define ACCEPTED_BODY "{\"status\":\"accepted\",\"messages\":"
#define ACCEPTED_LENGTH "\r\nContent-Length: "
#define ACCEPTED_TAIL ACCEPTED_LENGTH "00\r\n\r\n" ACCEPTED_BODY

/* The hot answer: no printf, and few pieces. */
static void write_accepted(struct buf *out, const struct answer *a, const struct answer_date *date,
			   bool close)
{
	char tail[sizeof(ACCEPTED_TAIL) + 10] = ACCEPTED_TAIL, digits[10];
	char *length = tail + sizeof(ACCEPTED_LENGTH) - 1, *end = tail + sizeof(ACCEPTED_TAIL) - 1;
	size_t n = 0, body_len;
	uint32_t left = a->n_messages;

	static_assert(sizeof(ACCEPTED_BODY) >= 10 && sizeof(ACCEPTED_BODY) + sizeof(digits) < 100,
		      "its length has two digits");
	do
		digits[sizeof(digits) - ++n] = (char)('0' + left % 10);
	while (left /= 10);
	body_len = sizeof(ACCEPTED_BODY) + n;
	length[0] = (char)('0' + body_len / 10);
	length[1] = (char)('0' + body_len % 10);
	memcpy(end, digits + sizeof(digits) - n, n);
	end[n] = '}';
	buf_append_str(out, a->says_200 ? "HTTP/1.1 200 OK" ACCEPTED_FIELDS
					: "HTTP/1.1 202 Accepted" ACCEPTED_FIELDS);
	buf_append_str(out, date->text);
	if (a->analyzer[0]) {
		buf_append_str(out, "\r\nWeir-Analyzer: ");
		buf_append_str(out, a->analyzer);
	}
	buf_append_str(out, connection(a, close));
	buf_append(out, tail, (size_t)(end + n + 1 - tail));
}

/* As the agents of the format want it. Only _bulk has more of a body than its shape. */
static void write_accepted_as(struct buf *out, const struct answer *a,
			      const struct answer_date *date, bool close)
{
	static const char end[] = "]}";
	bool has_items = a->style.format == FORMAT_ANSWER_BULK;
	struct answer_shape shape = { 0 };

	answer_format_accepted(&a->style, &shape);
	write_head(out, a, shape.status, shape.media_type,
		   shape.len + (has_items ? a->n_items_bytes + sizeof(end) - 1 : 0), date, close);
	if (a->analyzer[0])
		buf_printf(out, "Weir-Analyzer: %s\r\n", a->analyzer);
	write_body(out, a, shape.data, shape.len);
	if (!has_items || a->head_only)
		return;
	buf_append(out, a->items, a->n_items_bytes);
	buf_append(out, end, sizeof(end) - 1);
}

static void write_refused(struct buf *out, const struct answer *a, const struct answer_date *date,
			  bool close)
{
	struct answer_shape shape = { 0 };

	assert(a->refusal != REFUSAL_NONE);
	answer_format_refused(&a->style, a->refusal, a->n_messages, &shape);
	write_head(out, a, shape.status, shape.media_type, shape.len, date, close);
	if (a->allow)
		buf_printf(out, "Allow: %s\r\n", a->allow);
	if (shape.status == 503 || shape.status == 429)
		buf_printf(out, "Retry-After: %u\r\n", a->retry_after_s);
	if (shape.status == 401)
		buf_append_str(out, "WWW-Authenticate: Bearer\r\n");
	write_body(out, a, shape.data, shape.len);
}

void answer_write(struct buf *out, const struct answer *a, const struct answer_date *date,
		  bool close)
{
	switch (a->kind) {
	case ANSWER_ACCEPTED:
		if (a->style.format == FORMAT_ANSWER_WEIR)
			write_accepted(out, a, date, close);
		else
			write_accepted_as(out, a, date, close);
		return;
	case ANSWER_REFUSED:
		write_refused(out, a, date, close);
		return;
	case ANSWER_TEXT:
		write_head(out, a, a->status,
			   a->media_type ? a->media_type : "text/plain; charset=utf-8",
			   strlen(a->text), date, close);
		write_body(out, a, a->text, strlen(a->text));
		return;
	case ANSWER_OPTIONS:
		write_head(out, a, a->status, NULL, 0, date, close);
		if (a->status != 204)
			buf_append_str(out, "Content-Length: 0\r\n");
		buf_printf(out, "Allow: %s\r\n\r\n", a->allow);
		return;
	default:
		assert(!"every kind is written");
	}
}
