#include "analyzer/sidecar/fetch.h"

#include <curl/curl.h>
#include <string.h>

struct fetch {
	CURL *easy; /* owned */
	void (*on_data)(void *arg, const char *data, size_t len);
	void *arg;
	size_t n_bytes;
	char error[CURL_ERROR_SIZE];
};

static size_t on_answer(char *data, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * n;

	f->n_bytes += len;
	if (f->n_bytes > FETCH_MOST_BYTES)
		return 0; /* ends the request */
	if (f->on_data)
		f->on_data(f->arg, data, len);
	return len;
}

struct fetch *fetch_new(void)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->easy = curl_easy_init();
	if (!f->easy) {
		free(f);
		return NULL;
	}
	curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(f->easy, CURLOPT_USERAGENT, "weir-sidecar/" WEIR_VERSION);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error);
	return f;
}

void fetch_set_tls(struct fetch *f, const char *ca, const char *cert, const char *key)
{
	if (ca)
		curl_easy_setopt(f->easy, CURLOPT_CAINFO, ca);
	if (!cert)
		return;
	curl_easy_setopt(f->easy, CURLOPT_SSLCERT, cert);
	curl_easy_setopt(f->easy, CURLOPT_SSLKEY, key ? key : cert);
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	curl_easy_cleanup(f->easy);
	free(f);
}

/* False: out of memory. */
static bool add_lines(struct curl_slist **listp, const struct conf_list *lines)
{
	for (size_t i = 0; lines && i < lines->n_values; i++) {
		struct curl_slist *list = curl_slist_append(*listp, lines->values[i]);

		if (!list)
			return false;
		*listp = list;
	}
	return true;
}

static CURLcode perform(struct fetch *f, const char *url, struct curl_slist *headers)
{
	CURLcode code = curl_easy_setopt(f->easy, CURLOPT_URL, url);

	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, headers);
	if (!code)
		code = curl_easy_perform(f->easy);
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, NULL);
	return code;
}

int fetch_get(struct fetch *f, const char *url, const struct conf_list *lines, uint64_t timeout_ms,
	      void (*on_data)(void *arg, const char *data, size_t len), void *arg, long *statusp)
{
	struct curl_slist *headers = NULL;
	CURLcode code;

	f->on_data = on_data;
	f->arg = arg;
	f->n_bytes = 0;
	f->error[0] = '\0';
	curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	code = add_lines(&headers, lines) ? perform(f, url, headers) : CURLE_OUT_OF_MEMORY;
	curl_slist_free_all(headers);
	if (!code)
		code = curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, statusp);
	if (code && !f->error[0])
		strncat(f->error, curl_easy_strerror(code), sizeof(f->error) - 1);
	return code ? FETCH_E_FAILED : 0;
}

const char *fetch_error(const struct fetch *f)
{
	return f->error;
}
