#include "analyzer/http_client.h"

#include <curl/curl.h>

#include "common/buf.h"

#define ANSWER_MAX_BYTES 65536 /* that are kept by default */
#define CA_CACHE_S 60L         /* libcurl would keep the authorities for a day */

struct http_client {
	CURL *easy;                 /* owned */
	struct curl_slist *headers; /* owned */
	struct buf answer;
	size_t max_answer_bytes;
	char error[CURL_ERROR_SIZE];
};

static size_t on_answer(char *data, size_t size, size_t n, void *arg)
{
	struct http_client *client = arg;
	size_t room = client->max_answer_bytes - client->answer.len;
	size_t len = size * n;

	buf_append(&client->answer, data, len < room ? len : room);
	return len;
}

static int add_header(struct http_client *client, const char *name, const char *value)
{
	struct curl_slist *headers = NULL;
	struct buf line = { 0 };

	buf_append_str(&line, name);
	buf_append_str(&line, value);
	if (!line.failed)
		headers = curl_slist_append(client->headers, buf_str(&line));
	buf_deinit(&line);
	if (!headers)
		return -ENOMEM;
	client->headers = headers;
	return 0;
}

int http_client_add_header(struct http_client *client, const char *line)
{
	if (add_header(client, line, ""))
		return -ENOMEM;
	curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, client->headers);
	return 0;
}

void http_client_trust(struct http_client *client, const char *ca)
{
	if (ca)
		curl_easy_setopt(client->easy, CURLOPT_CAINFO, ca);
}

void http_client_keep_answer(struct http_client *client, size_t max_bytes)
{
	client->max_answer_bytes = max_bytes;
}

static int client_init(struct http_client *client, const char *content_type, const char *token)
{
	client->max_answer_bytes = ANSWER_MAX_BYTES;
	client->easy = curl_easy_init();
	if (!client->easy || add_header(client, "Content-Type: ", content_type) ||
	    add_header(client, "Expect:", "") ||
	    (token && add_header(client, "Authorization: Bearer ", token)))
		return -ENOMEM;
	curl_easy_setopt(client->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(client->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(client->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(client->easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(client->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(client->easy, CURLOPT_USERAGENT, "weir-analyzer/" WEIR_VERSION);
	curl_easy_setopt(client->easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(client->easy, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, client->error);
	return 0;
}

struct http_client *http_client_new(const char *content_type, const char *token)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client && client_init(client, content_type, token)) {
		http_client_free(client);
		return NULL;
	}
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->easy);
	curl_slist_free_all(client->headers);
	buf_deinit(&client->answer);
	free(client);
}

void http_client_set_tls(struct http_client *client, const char *ca, const char *cert,
			 const char *key)
{
	curl_easy_setopt(client->easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
	if (ca)
		curl_easy_setopt(client->easy, CURLOPT_CAINFO, ca);
	if (!cert)
		return;
	curl_easy_setopt(client->easy, CURLOPT_SSLCERT, cert);
	curl_easy_setopt(client->easy, CURLOPT_SSLKEY, key ? key : cert);
}

int http_client_send(struct http_client *client, const char *method, const char *url,
		     const char *body, size_t len, uint64_t timeout_ms, long *statusp)
{
	CURLcode code;

	buf_clear(&client->answer);
	client->error[0] = '\0';
	curl_easy_setopt(client->easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	curl_easy_setopt(client->easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(client->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	code = curl_easy_setopt(client->easy, CURLOPT_URL, url);
	if (!code)
		code = curl_easy_perform(client->easy);
	if (!code)
		code = curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, statusp);
	if (code && !client->error[0])
		strncat(client->error, curl_easy_strerror(code), sizeof(client->error) - 1);
	return code ? HTTP_CLIENT_E_FAILED : 0;
}

const char *http_client_answer(struct http_client *client)
{
	return buf_str(&client->answer);
}

const char *http_client_error(const struct http_client *client)
{
	return client->error;
}
