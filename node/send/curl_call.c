#include "node/send/curl_call.h"

#include <stdlib.h>
#include <string.h>

#include "node/send/sender_tls.h"

#define CA_CACHE_S 60L
#define LINE_BYTES 4096  /* of a header line */
#define READ_BYTES 1024L /* at once; libcurl's 16 KiB for each transfer would be wasted */

static size_t keep_max(const struct transfer *t)
{
	return t->keep_max ? t->keep_max : HTTP_RESPONSE_KEEP_BYTES;
}

/* Of what is too long nothing is kept, or its front where the transfer asks for it. */
static void keep(struct curl_call *c, const char *data, size_t len)
{
	size_t max = keep_max(c->transfer);

	if (c->n_answer_bytes + len <= max)
		buf_append(&c->body, data, len);
	else if (!c->transfer->keep_max)
		buf_clear(&c->body);
	else if (c->n_answer_bytes < max)
		buf_append(&c->body, data, max - c->n_answer_bytes);
}

/* The front is kept: it may tell why a delivery failed. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct curl_call *c = arg;
	size_t room = sizeof(c->said) - c->said_len;
	size_t n_kept = size * n < room ? size * n : room;

	memcpy(c->said + c->said_len, data, n_kept);
	c->said_len += n_kept;
	keep(c, data, size * n);
	c->n_answer_bytes += size * n;
	return c->n_answer_bytes <= CURL_CALL_MAX_ANSWER ? size * n : 0;
}

/* The next bytes of the parts. */
static size_t on_read(char *out, size_t size, size_t n, void *arg)
{
	struct curl_call *c = arg;
	const struct transfer *t = c->transfer;
	size_t room = size * n, n_given = 0;

	while (room > n_given && c->part < t->n_parts) {
		const struct iovec *part = &t->parts[c->part];
		size_t left = part->iov_len - c->part_offset;
		size_t n_now = left < room - n_given ? left : room - n_given;

		memcpy(out + n_given, (const char *)part->iov_base + c->part_offset, n_now);
		n_given += n_now;
		c->part_offset += n_now;
		if (c->part_offset == part->iov_len) {
			c->part++;
			c->part_offset = 0;
		}
	}
	return n_given;
}

/* libcurl sends a request again that met the close of an idle connection. */
static int on_seek(void *arg, curl_off_t offset, int whence)
{
	struct curl_call *c = arg;

	if (whence != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	c->part = c->part_offset = 0;
	c->transfer->was_resent = true;
	return CURL_SEEKFUNC_OK;
}

/* Of every connection, after the lookup: what a name leads to is not known before. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose UNUSED,
				    struct curl_sockaddr *to)
{
	struct curl_call *c = arg;
	struct net_addr addr = { .len = to->addrlen };

	if (to->addrlen > sizeof(addr.sa))
		return CURL_SOCKET_BAD;
	memcpy(&addr.sa, &to->addr, to->addrlen);
	c->refused = net_allow_refuses(c->allow, c->host, &addr);
	return c->refused ? CURL_SOCKET_BAD
			  : socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* libcurl would keep the authorities for a day, also when their file has changed. */
static void set_tls(CURL *easy, const struct sender_tls *tls)
{
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
	if (tls->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca);
	if (!tls->cert)
		return;
	curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key ? tls->key : tls->cert);
}

struct curl_call *curl_call_new(const struct net_allow *allow, const struct sender_tls *tls)
{
	struct curl_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->easy = curl_easy_init();
	if (!c->easy) {
		free(c);
		return NULL;
	}
	c->allow = allow;
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(c->easy, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c->easy, CURLOPT_BUFFERSIZE, READ_BYTES);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c->easy, CURLOPT_READDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(c->easy, CURLOPT_SEEKDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (tls)
		set_tls(c->easy, tls);
	/* analyzers are inside: no proxy from the environment */
	curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	return c;
}

void curl_call_free(struct curl_call *c)
{
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_deinit(&c->body);
	free(c);
}

static bool add_header(struct curl_call *c, const char *line)
{
	struct curl_slist *list = curl_slist_append(c->headers, line);

	if (list)
		c->headers = list;
	return list;
}

/* libcurl takes each line by itself, without its end. "Expect:" keeps it from adding one. */
static bool set_headers(struct curl_call *c, const char *text)
{
	char line[LINE_BYTES];

	curl_slist_free_all(c->headers);
	c->headers = NULL;
	while (text && *text) {
		size_t len = strcspn(text, "\r\n");

		if (len >= sizeof(line))
			return false;
		memcpy(line, text, len);
		line[len] = '\0';
		if (!add_header(c, line))
			return false;
		text += len + strspn(text + len, "\r\n");
	}
	return add_header(c, "Expect:");
}

int curl_call_set_up(struct curl_call *c, struct transfer *t)
{
	bool ok = set_headers(c, t->headers);
	struct net_url url;

	c->refused = NULL;
	c->host[0] = '\0';
	if (net_url_parse(&url, t->url) == 0)
		memcpy(c->host, url.host, sizeof(c->host));
	c->transfer = t;
	buf_clear(&c->body);
	c->part = c->part_offset = c->n_answer_bytes = c->said_len = 0;
	curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, (long)t->is_fresh);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, t->parts && t->is_put ? "PUT" : NULL);
	if (t->parts) {
		curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->len);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	}
	return ok && curl_easy_setopt(c->easy, CURLOPT_URL, t->url) == CURLE_OK ? 0 : -ENOMEM;
}

/* Nothing was sent: it was still being looked up, connected to, or greeted. */
static bool was_unconnected(CURL *easy)
{
	curl_off_t ready_us = 0;

	return curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us) == CURLE_OK &&
	       ready_us == 0;
}

/*
 * A final status counts however its answer ended, unless the request was not sent whole: nobody can
 * have taken what was not sent. 0: there is none.
 */
static int status_of(CURL *easy, CURLcode code, size_t n_bytes)
{
	curl_off_t n_sent = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &n_sent);
	if (code != CURLE_OK && (status < 200 || (uint64_t)n_sent < n_bytes))
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

void curl_call_end(struct curl_call *c, CURLcode code)
{
	struct transfer *t = c->transfer;
	int status = code == CURLE_ABORTED_BY_CALLBACK ? 0 : status_of(c->easy, code, t->len);

	c->transfer = NULL;
	if (status || code == CURLE_OK) {
		transfer_take_answer(t, status, retry_after_s(c->easy));
		if (status >= 300 && c->said_len) {
			t->said = c->said;
			t->said_len = c->said_len;
		}
		t->is_json_cut = status < 300 && t->keep_max &&
				 (c->n_answer_bytes > t->keep_max || code != CURLE_OK);
		if (status < 300 && c->body.len && !c->body.failed &&
		    (t->keep_max || (code == CURLE_OK && is_json(c->easy)))) {
			t->json = c->body.data;
			t->json_len = c->body.len;
		}
		transfer_end(t, TRANSFER_ANSWERED, "");
		return;
	}
	transfer_end(t, result_of(c->easy, code),
		     c->refused ? "analyzer-allow keeps it from that address"
				: curl_easy_strerror(code));
}
