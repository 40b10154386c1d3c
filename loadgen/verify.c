#include "loadgen/verify.h"

#include <curl/curl.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"

#define WAIT_US (10 * US_PER_S)
#define SETTLE_US (1 * US_PER_S)
#define POLL_US (50 * US_PER_MS)
#define REQUEST_TIMEOUT_MS 3000L
#define MAX_BODY_BYTES (64 * 1024 * 1024)

static void verify_free_easy(CURL *easy)
{
	curl_easy_cleanup(easy);
}
DEFINE_CLEANUP(CURL, verify_free_easy)

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	if (body->len + size * n > MAX_BODY_BYTES)
		return 0;
	buf_append(body, data, size * n);
	return body->failed ? 0 : size * n;
}

static CURLcode set_options(CURL *easy, const struct verify *v, struct buf *body, char *error)
{
	CURLcode code = CURLE_OK;

	code |= curl_easy_setopt(easy, CURLOPT_URL, v->url);
	code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	code |= curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
	code |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	code |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (v->tls->ca)
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO, v->tls->ca);
	if (v->tls->cert)
		code |= curl_easy_setopt(easy, CURLOPT_SSLCERT, v->tls->cert);
	if (v->tls->key)
		code |= curl_easy_setopt(easy, CURLOPT_SSLKEY, v->tls->key);
	if (v->token) {
		code |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		code |= curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, v->token);
	}
	return code;
}

static int verify_fetch(const struct verify *v, struct buf *body)
{
	CLEANUP(verify_free_easyp) CURL *easy = curl_easy_init();
	char error[CURL_ERROR_SIZE] = "";
	CURLcode code;

	if (!easy || set_options(easy, v, body, error))
		return -ENOMEM;
	code = curl_easy_perform(easy);
	if (!code)
		return body->failed ? -ENOMEM : 0;
	log_warn("verify", "cluster not read", "url=%s error=%s", v->url,
		 *error ? error : curl_easy_strerror(code));
	return VERIFY_E_HTTP;
}

static int verify_look(const struct verify *v, struct cluster *cluster)
{
	CLEANUP(buf_deinit) struct buf body = { 0 };
	int r = verify_fetch(v, &body);

	if (r)
		return r;
	r = cluster_parse(cluster, buf_str(&body), body.len);
	if (r != CLUSTER_E_SHAPE)
		return r;
	log_warn("verify", "answer is not a cluster", "url=%s", v->url);
	return VERIFY_E_SHAPE;
}

void verify_deinit(struct verify *v)
{
	free(v->url);
	cluster_deinit(&v->before);
	*v = (struct verify){ 0 };
}

static void wait_us(uint64_t us)
{
	struct timespec ts = { .tv_sec = (time_t)(us / US_PER_S),
			       .tv_nsec = (long)(us % US_PER_S) * 1000 };

	nanosleep(&ts, NULL);
}

/* Whether everything that was routed shows as delivered. */
static bool is_settled(const struct cluster *cluster)
{
	double routed = 0, delivered = 0;

	if (cluster->total_routed >= 0 && cluster->total_delivered >= 0)
		return cluster->total_routed <= cluster->total_delivered;
	for (size_t i = 0; i < cluster->n_analyzers; i++) {
		routed += (double)cluster->analyzers[i].routed;
		delivered += (double)cluster->analyzers[i].delivered;
	}
	return routed <= delivered;
}

/* Counters of what came before the run may lag; under the traffic of others they always do. */
static int verify_look_settled(const struct verify *v, struct cluster *cluster)
{
	uint64_t until_us = clock_mono_us() + SETTLE_US;
	int r = verify_look(v, cluster);

	while (!r && !is_settled(cluster) && clock_mono_us() < until_us) {
		cluster_deinit(cluster);
		wait_us(POLL_US);
		r = verify_look(v, cluster);
	}
	return r;
}

int verify_init(struct verify *v, const char *admin_url, const char *token,
		const struct verify_tls *tls)
{
	size_t len = strlen(admin_url);
	int r;

	*v = (struct verify){ .token = token, .tls = tls };
	while (len && admin_url[len - 1] == '/')
		len--;
	if (asprintf(&v->url, "%.*s/v1/cluster", (int)len, admin_url) < 0) {
		v->url = NULL;
		return -ENOMEM;
	}
	r = verify_look_settled(v, &v->before);
	if (r)
		verify_deinit(v);
	return r;
}

static int verify_judge_once(const struct verify *v, int64_t accepted, double tolerance_percent,
			     double slack_messages, struct verdict *verdict)
{
	CLEANUP(cluster_deinit) struct cluster after = { 0 };
	int r = verify_look(v, &after);

	if (r)
		return r;
	return verdict_init(verdict, &v->before, &after, accepted, tolerance_percent,
			    slack_messages);
}

int verify_judge(const struct verify *v, int64_t accepted, double tolerance_percent,
		 double slack_messages, struct verdict *verdict)
{
	uint64_t until_us = clock_mono_us() + WAIT_US;
	int r;

	for (;;) {
		r = verify_judge_once(v, accepted, tolerance_percent, slack_messages, verdict);
		if (r < 0 || clock_mono_us() >= until_us)
			return r;
		if (!r && verdict->delivered_ok && verdict->routed >= verdict->delivered)
			return 0;
		if (!r)
			verdict_deinit(verdict);
		wait_us(POLL_US);
	}
}
