#include "node/send/curl_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/grpc/grpc_text.h"
#include "common/http/header_lines.h"
#include "common/net/net_url.h"
#include "node/send/sender_tls.h"

#define CA_CACHE_S 60L
#define NET_URL_BYTES 1200 /* besides the host */
#define TIMEOUT_LINE "grpc-timeout: "
#define LINE_BYTES 4096  /* of a header line */
#define READ_BYTES 1024L /* at once; libcurl's 16 KiB for each transfer would be wasted */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct curl_call *c = arg;

	return answer_body_add(&c->body, c->transfer, data, size * n) ? size * n : 0;
}

static size_t on_read(char *out, size_t size, size_t n, void *arg)
{
	struct curl_call *c = arg;

	return transfer_copy(c->transfer, &c->place, out, size * n);
}

/* libcurl sends a request again that met the close of an idle connection. */
static int on_seek(void *arg, curl_off_t offset, int whence)
{
	struct curl_call *c = arg;

	if (whence != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	c->place = (struct transfer_place){ 0, 0 };
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
	curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
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
	answer_body_deinit(&c->body);
	free(c);
}

static bool add_header(struct curl_call *c, const char *line)
{
	struct curl_slist *list = curl_slist_append(c->headers, line);

	if (list)
		c->headers = list;
	return list;
}

/* What every call has. Its answer may not be compressed. */
static bool add_call_headers(struct curl_call *c, uint32_t timeout_ms)
{
	char line[sizeof(TIMEOUT_LINE) + GRPC_TIMEOUT_BYTES] = TIMEOUT_LINE;

	grpc_write_timeout(line + sizeof(TIMEOUT_LINE) - 1, timeout_ms);
	return add_header(c, "Content-Type: " GRPC_MEDIA_TYPE) && add_header(c, "TE: trailers") &&
	       add_header(c, line);
}

/* libcurl takes each line by itself, without its end. One without a value keeps it from adding its own. */
static bool set_headers(struct curl_call *c, const struct transfer *t)
{
	static const struct http_slice content_type = { "Content-Type", 12 };
	const char *text = t->headers;
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
	if (t->method && !add_call_headers(c, t->timeout_ms))
		return false;
	if (!t->method && !header_lines_have(t->headers ? t->headers : "", content_type) &&
	    !add_header(c, "Content-Type:"))
		return false;
	return add_header(c, "Expect:");
}

/* libcurl does not know grpcs://, and a call has a path of its own. */
static bool aim(struct curl_call *c, const struct transfer *t)
{
	char url[sizeof(c->host) + NET_URL_BYTES];
	struct net_url parsed;
	bool is_v6;

	c->host[0] = '\0';
	if (net_url_parse_analyzer(&parsed, t->url) != 0)
		return curl_easy_setopt(c->easy, CURLOPT_URL, t->url) == CURLE_OK;
	memcpy(c->host, parsed.host, sizeof(c->host));
	/* rather a stream of a connection that is being made than one more connection; the handshake tells */
	curl_easy_setopt(c->easy, CURLOPT_PIPEWAIT, (long)parsed.tls);
	is_v6 = strchr(parsed.host, ':') != NULL;
	snprintf(url, sizeof(url), "%s://%s%s%s:%u%s", parsed.tls ? "https" : "http",
		 is_v6 ? "[" : "", parsed.host, is_v6 ? "]" : "", parsed.port,
		 t->method ? t->method : parsed.path);
	return curl_easy_setopt(c->easy, CURLOPT_URL, url) == CURLE_OK;
}

int curl_call_set_up(struct curl_call *c, struct transfer *t)
{
	bool ok = set_headers(c, t) && aim(c, t);

	c->refused = NULL;
	c->transfer = t;
	answer_body_begin(&c->body);
	c->place = (struct transfer_place){ 0, 0 };
	curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, (long)t->is_fresh);
	curl_easy_setopt(c->easy, CURLOPT_FORBID_REUSE, (long)t->is_fresh);
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
	return ok ? 0 : -ENOMEM;
}
