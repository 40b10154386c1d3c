#include "analyzer/sidecar/sidecar_health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "analyzer/registration.h"
#include "analyzer/sidecar/fetch.h"
#include "analyzer/sidecar/metric_sum.h"
#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"
#include "common/net/net_url.h"

struct sidecar_health {
	const struct sidecar_config *config;
	struct fetch *fetch;
	pthread_t thread;
	pthread_mutex_t lock; /* guards must_stop */
	pthread_cond_t wake;
	bool must_stop;
	_Atomic bool is_well;
	_Atomic uint64_t processed;

	/* the thread's own */
	int64_t n_bad;         /* in a row */
	uint64_t base, before; /* counted by servers before this one; the last count of this one */
	bool has_failed_metric;
};

/* A search for the text in a body that comes in pieces. */
struct search {
	const char *text; /* NULL or empty: anything is fine */
	bool is_found;
	size_t n_kept;
	char kept[2 * SIDECAR_BODY_TEXT_MAX];
};

static void *run(void *arg);

int sidecar_health_start(const struct sidecar_config *config, struct sidecar_health **healthp)
{
	struct sidecar_health *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->config = config;
	atomic_store(&h->is_well, config->health == NULL);
	atomic_store(&h->processed, PROCESSED_UNKNOWN);
	pthread_mutex_init(&h->lock, NULL);
	cond_init(&h->wake);
	h->fetch = fetch_new();
	if (h->fetch)
		fetch_set_tls(h->fetch, config->ca, config->cert, config->key);
	r = h->fetch ? -pthread_create(&h->thread, NULL, run, h) : -ENOMEM;
	if (r == 0) {
		*healthp = h;
		return 0;
	}
	fetch_free(h->fetch);
	free(h);
	return r;
}

void sidecar_health_free(struct sidecar_health *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->must_stop = true;
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	fetch_free(h->fetch);
	pthread_cond_destroy(&h->wake);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

bool sidecar_health_is_well(struct sidecar_health *h)
{
	return atomic_load(&h->is_well);
}

uint64_t sidecar_health_processed(struct sidecar_health *h)
{
	return atomic_load(&h->processed);
}

/* Keeps as much of the end as the text may begin in. */
static void on_body(void *arg, const char *data, size_t len)
{
	struct search *s = arg;
	size_t text_len = strlen(s->text);

	while (len > 0 && !s->is_found) {
		size_t room = sizeof(s->kept) - s->n_kept, n = len < room ? len : room, keep;

		memcpy(s->kept + s->n_kept, data, n);
		s->n_kept += n;
		data += n;
		len -= n;
		s->is_found = memmem(s->kept, s->n_kept, s->text, text_len) != NULL;
		keep = s->n_kept < text_len ? s->n_kept : text_len - 1;
		memmove(s->kept, s->kept + s->n_kept - keep, keep);
		s->n_kept = keep;
	}
}

/* The server's headers go to its own host and port alone. NULL: this URL is elsewhere. */
static const struct conf_list *headers_for(const struct sidecar_config *config, const char *url)
{
	struct net_url server, asked;

	if (net_url_parse_analyzer(&server, config->url) != 0 || net_url_parse(&asked, url) != 0)
		return NULL;
	return server.tls == asked.tls && server.port == asked.port &&
			       strcasecmp(server.host, asked.host) == 0
		       ? &config->headers
		       : NULL;
}

/* NULL: it is well. Else why not. */
static const char *check(struct sidecar_health *h, char why[128])
{
	const struct sidecar_config *config = h->config;
	struct search search = { .text = config->health_body };
	bool is_asked = search.text && *search.text;
	long status;

	if (fetch_get(h->fetch, config->health, headers_for(config, config->health),
		      config->health_timeout_ms, is_asked ? on_body : NULL, &search, &status) != 0)
		return fetch_error(h->fetch);
	if (status < (long)config->status_least || status > (long)config->status_most) {
		snprintf(why, 128, "status %ld", status);
		return why;
	}
	return is_asked && !search.is_found ? "the body has another text" : NULL;
}

static void look_at_health(struct sidecar_health *h)
{
	char text[128];
	const char *why = check(h, text);

	h->n_bad = why ? h->n_bad + 1 : 0;
	if (!why && !atomic_exchange(&h->is_well, true))
		log_info("sidecar", "the server is well", "url=%s", h->config->health);
	if (why && h->n_bad == h->config->health_fall) {
		atomic_store(&h->is_well, false);
		log_warn("sidecar", "the server is not well, so heartbeats stop",
			 "url=%s reason=%s", h->config->health, why);
	}
}

static void on_metrics(void *arg, const char *data, size_t len)
{
	metric_sum_feed(arg, data, len);
}

static void look_at_metric(struct sidecar_health *h)
{
	struct metric_sum sum;
	uint64_t value = 0;
	long status = 0;
	bool is_read;

	metric_sum_init(&sum, h->config->processed_name);
	is_read = fetch_get(h->fetch, h->config->processed_url,
			    headers_for(h->config, h->config->processed_url),
			    h->config->health_timeout_ms, on_metrics, &sum, &status) == 0 &&
		  status == 200 && metric_sum_end(&sum, &value);
	if (!is_read && !h->has_failed_metric)
		log_warn("sidecar", "the metric cannot be read", "url=%s name=%s status=%ld",
			 h->config->processed_url, h->config->processed_name, status);
	h->has_failed_metric = !is_read;
	if (!is_read)
		return;
	if (value < h->before)
		h->base += h->before;
	h->before = value;
	atomic_store(&h->processed, h->base + value);
}

/* False: it is to stop. */
static bool wait(struct sidecar_health *h)
{
	uint64_t due_us = clock_mono_us() + h->config->health_interval_ms * US_PER_MS;
	struct timespec due = { .tv_sec = (time_t)(due_us / US_PER_S),
				.tv_nsec = (long)(due_us % US_PER_S) * 1000 };
	bool must_stop;

	pthread_mutex_lock(&h->lock);
	while (!h->must_stop && clock_mono_us() < due_us)
		pthread_cond_timedwait(&h->wake, &h->lock, &due);
	must_stop = h->must_stop;
	pthread_mutex_unlock(&h->lock);
	return !must_stop;
}

static void *run(void *arg)
{
	struct sidecar_health *h = arg;

	do {
		if (h->config->processed_url)
			look_at_metric(h);
		if (h->config->health)
			look_at_health(h);
	} while (wait(h));
	return NULL;
}
