#include "node/send/curl_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nothing was sent: it was still being looked up, connected to, or greeted. */
static bool was_unconnected(CURL *easy)
{
	curl_off_t ready_us = 0;

	return curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us) == CURLE_OK &&
	       ready_us == 0;
}

static uint64_t n_sent_bytes(CURL *easy)
{
	curl_off_t n = 0;

	curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &n);
	return (uint64_t)n;
}

/*
 * A final status counts however its answer ended, unless the request was not sent whole: nobody can
 * have taken what was not sent. 0: there is none.
 */
static int status_of(CURL *easy, CURLcode code, size_t n_bytes)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK && (status < 200 || n_sent_bytes(easy) < n_bytes))
		return 0;
	return (int)status;
}

static enum transfer_result result_of(CURL *easy, CURLcode code)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return TRANSFER_BROKEN;
	if (was_unconnected(easy))
		return TRANSFER_CONNECT;
	return code == CURLE_OPERATION_TIMEDOUT ? TRANSFER_TIMEOUT : TRANSFER_BROKEN;
}

/* -1: not said in seconds. */
static int64_t retry_after_s(CURL *easy)
{
	struct curl_header *header;

	if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
	    !*header->value || header->value[strspn(header->value, "0123456789")])
		return -1;
	return strtoll(header->value, NULL, 10);
}

static bool is_json(CURL *easy)
{
	static const char json[] = "application/json";
	char *type = NULL;

	return curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type &&
	       strncasecmp(type, json, sizeof(json) - 1) == 0;
}

/* The first field of that name among these; NULL: there is none. */
static const char *field_of(CURL *easy, const char *name, unsigned origin)
{
	struct curl_header *header;

	return curl_easy_header(easy, name, 0, origin, -1, &header) == CURLHE_OK ? header->value
										 : NULL;
}

/* A call ends with trailers. One that is refused at once has a header section alone. */
static const char *call_field(CURL *easy, const char *name)
{
	const char *value = field_of(easy, name, CURLH_TRAILER);

	return value ? value : field_of(easy, name, CURLH_HEADER);
}

/* What libcurl made of a transfer that has no answer. */
static void end_unanswered(struct curl_call *c, struct transfer *t, CURLcode code)
{
	transfer_end(t, result_of(c->easy, code),
		     c->refused ? "analyzer-allow keeps it from that address"
				: curl_easy_strerror(code));
}

/*
 * A call is refused by its trailers, however its stream ended. A success is whole, and so was what was
 * sent: nobody can have taken the rest.
 */
static void end_call(struct curl_call *c, struct transfer *t, CURLcode code)
{
	struct grpc_stream stream = { .status = call_field(c->easy, "grpc-status"),
				      .message = call_field(c->easy, "grpc-message"),
				      .details = call_field(c->easy, "grpc-status-details-bin") };
	const char *why;
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	stream.http_status = (int)status;
	stream.is_whole = code == CURLE_OK && n_sent_bytes(c->easy) >= t->len;
	if (answer_body_tell_call(&c->body, t, &stream, retry_after_s(c->easy), &why))
		transfer_end(t, TRANSFER_ANSWERED, t->error);
	else if (code == CURLE_OK)
		transfer_end(t, TRANSFER_BROKEN, why);
	else
		end_unanswered(c, t, code);
}

void curl_answer_end(struct curl_call *c, CURLcode code)
{
	struct transfer *t = c->transfer;
	int status = code == CURLE_ABORTED_BY_CALLBACK ? 0 : status_of(c->easy, code, t->len);

	c->transfer = NULL;
	if (t->method && code != CURLE_ABORTED_BY_CALLBACK) {
		end_call(c, t, code);
	} else if (status || code == CURLE_OK) {
		answer_body_tell(&c->body, t, status, retry_after_s(c->easy), code == CURLE_OK,
				 is_json(c->easy));
		transfer_end(t, TRANSFER_ANSWERED, "");
	} else {
		end_unanswered(c, t, code);
	}
}
