/*
 *     JOINING <--> ACTIVE --> TAKEN        one thread; only it changes the state
 *           \        |
 *            `-----> LEFT
 *
 * It sleeps on `wake` between two steps. Heartbeats go out at the interval the registry asked for;
 * when there is news (messages were processed since the last one), NEWS_US after the last one.
 */
#include "analyzer/membership.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "analyzer/http_client.h"
#include "analyzer/registration.h"
#include "common/backoff.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/cond.h"
#include "common/conf/conf_reload.h"
#include "common/log.h"
#include "common/rng.h"

#define CALL_TIMEOUT_MS 2000
#define LAST_WORD_MS 500
#define RETRY_BASE_MS 100
#define RETRY_CAP_MS 1000
#define NEWS_US (500 * US_PER_MS)
#define NOTHING_SENT (UINT64_MAX - 1) /* no heartbeat of this lease has gone out */
#define UNWELL_US (200 * US_PER_MS)   /* between two looks while the analyzer is not well */

struct membership {
	const struct member *member;
	struct membership_hooks hooks;
	int end_fd;
	pthread_t thread;

	pthread_mutex_t lock; /* guards `state`, `is_leaving`, `leave_by_us` */
	pthread_cond_t wake;
	enum membership_state state; /* written by membership_set_state alone */
	bool is_leaving;
	uint64_t leave_by_us;

	/* the thread's own */
	struct http_client *http;
	const char *token; /* that http sends */
	struct backoff backoff;
	struct rng rng;
	char instance[33];   /* of this process: it may register more than once */
	uint64_t started_ms; /* Unix time: later than any process before it */
	size_t registry;     /* index of the registry in use */
	struct lease lease;
	bool is_deregistered;
	uint64_t n_sent;  /* messages the last heartbeat told, or NOTHING_SENT */
	uint64_t sent_us; /* when it went out, or the lease began */
	uint64_t due_us;  /* when the next one has to */
	struct buf url, body;
};

static void membership_set_state(struct membership *m, enum membership_state state);
static void *membership_run(void *arg);
static bool membership_sleep(struct membership *m, uint64_t us);
static uint64_t membership_join(struct membership *m);
static uint64_t membership_beat(struct membership *m);
static void membership_deregister(struct membership *m);
static long membership_call(struct membership *m, const char *method, const char *suffix,
			    uint64_t timeout_ms);

static const char *const state_names[MEMBER_STATES] = {
	[MEMBER_JOINING] = "joining",
	[MEMBER_ACTIVE] = "active",
	[MEMBER_TAKEN] = "taken",
	[MEMBER_LEFT] = "left",
};

static void membership_set_state(struct membership *m, enum membership_state state)
{
	static const bool legal[MEMBER_STATES][MEMBER_STATES] = {
		[MEMBER_JOINING] = { [MEMBER_ACTIVE] = true, [MEMBER_LEFT] = true },
		[MEMBER_ACTIVE] = { [MEMBER_JOINING] = true,
				    [MEMBER_TAKEN] = true,
				    [MEMBER_LEFT] = true },
	};

	assert(legal[m->state][state]);
	log_info("membership", "state", "from=%s to=%s", state_names[m->state], state_names[state]);
	pthread_mutex_lock(&m->lock);
	m->state = state;
	pthread_mutex_unlock(&m->lock);
	if (m->hooks.on_registered)
		m->hooks.on_registered(m->hooks.arg, state == MEMBER_ACTIVE);
}

enum membership_state membership_state(struct membership *m)
{
	enum membership_state state;

	pthread_mutex_lock(&m->lock);
	state = m->state;
	pthread_mutex_unlock(&m->lock);
	return state;
}

/* With the token and the certificates as they are now. NULL: out of memory. */
static struct http_client *new_client(const struct membership *m)
{
	struct http_client *client = http_client_new("application/json", m->token);

	if (client)
		http_client_set_tls(client, m->member->ca, m->member->cert, m->member->key);
	return client;
}

static int membership_init(struct membership *m)
{
	pthread_mutex_init(&m->lock, NULL);
	cond_init(&m->wake);
	backoff_init(&m->backoff, RETRY_BASE_MS, RETRY_CAP_MS, 0);
	rng_init(&m->rng, 0);
	snprintf(m->instance, sizeof(m->instance), "%016llx%016llx",
		 (unsigned long long)rng_next(&m->rng), (unsigned long long)rng_next(&m->rng));
	m->started_ms = clock_wall_us() / US_PER_MS;
	m->token = conf_string(m->member->register_token);
	m->http = new_client(m);
	m->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->end_fd < 0)
		return -errno;
	return m->http ? 0 : -ENOMEM;
}

static void membership_destroy(struct membership *m)
{
	if (m->end_fd >= 0)
		close(m->end_fd);
	http_client_free(m->http);
	buf_deinit(&m->url);
	buf_deinit(&m->body);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

int membership_start(const struct member *member, const struct membership_hooks *hooks,
		     struct membership **membershipp)
{
	struct membership *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->member = member;
	m->hooks = *hooks;
	r = membership_init(m);
	if (!r)
		r = -pthread_create(&m->thread, NULL, membership_run, m);
	if (r)
		membership_destroy(m);
	else
		*membershipp = m;
	return r;
}

static uint64_t membership_processed(const struct membership *m)
{
	return m->hooks.processed ? m->hooks.processed(m->hooks.arg) : PROCESSED_UNKNOWN;
}

static void membership_count(struct membership *m, enum membership_call call)
{
	if (m->hooks.on_call)
		m->hooks.on_call(m->hooks.arg, call);
}

static bool membership_is_well(const struct membership *m)
{
	return !m->hooks.is_well || m->hooks.is_well(m->hooks.arg);
}

/* What was on its way when it deregistered has been processed since: the registry still takes that
 * down. */
static void membership_last_word(struct membership *m)
{
	uint64_t n_processed = membership_processed(m);

	if (m->state != MEMBER_LEFT || !m->is_deregistered || n_processed == m->n_sent)
		return;
	buf_clear(&m->body);
	registration_heartbeat_body(&m->body, m->lease.instance, n_processed);
	membership_call(m, "POST", "/heartbeat", LAST_WORD_MS);
}

void membership_free(struct membership *m)
{
	if (!m)
		return;
	pthread_join(m->thread, NULL);
	membership_last_word(m);
	membership_destroy(m);
}

int membership_end_fd(const struct membership *m)
{
	return m->end_fd;
}

void membership_leave(struct membership *m)
{
	pthread_mutex_lock(&m->lock);
	m->is_leaving = true;
	m->leave_by_us = clock_mono_us() + MEMBERSHIP_LEAVE_MS * US_PER_MS;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
}

static void *membership_run(void *arg)
{
	struct membership *m = arg;
	uint64_t wait_us = 0;

	while (m->state != MEMBER_TAKEN && membership_sleep(m, wait_us))
		wait_us = !membership_is_well(m)       ? UNWELL_US
			  : m->state == MEMBER_JOINING ? membership_join(m)
						       : membership_beat(m);
	if (m->state != MEMBER_TAKEN) {
		membership_deregister(m);
		membership_set_state(m, MEMBER_LEFT);
	}
	if (eventfd_write(m->end_fd, 1) < 0)
		log_error("membership", "cannot tell the end", "reason=%s", strerror(errno));
	return NULL;
}

/* false: woken up to leave. */
static bool membership_sleep(struct membership *m, uint64_t us)
{
	uint64_t due_us = clock_mono_us() + us;
	struct timespec due = { .tv_sec = (time_t)(due_us / US_PER_S),
				.tv_nsec = (long)(due_us % US_PER_S) * 1000 };
	bool is_leaving;

	pthread_mutex_lock(&m->lock);
	while (!m->is_leaving && clock_mono_us() < due_us)
		pthread_cond_timedwait(&m->wake, &m->lock, &due);
	is_leaving = m->is_leaving;
	pthread_mutex_unlock(&m->lock);
	return !is_leaving;
}

/* The token may have been reloaded. */
static void membership_heed_token(struct membership *m)
{
	const char *token = conf_string(m->member->register_token);
	struct http_client *fresh;

	if (token == m->token)
		return;
	m->token = token;
	fresh = new_client(m);
	if (!fresh)
		return;
	http_client_free(m->http);
	m->http = fresh;
}

/* Sends m->body to the registry in use. The status, 0: no answer, which is logged. */
static long membership_call(struct membership *m, const char *method, const char *suffix,
			    uint64_t timeout_ms)
{
	const char *base = m->member->registries->values[m->registry];
	long status;

	membership_heed_token(m);
	buf_clear(&m->url);
	registration_url(&m->url, base, m->member->id, suffix);
	if (m->url.failed || m->body.failed) {
		log_error("membership", "out of memory");
		return 0;
	}
	if (http_client_send(m->http, method, buf_str(&m->url), m->body.data, m->body.len,
			     timeout_ms, &status) == 0)
		return status;
	log_warn("membership", "no answer from the registry", "url=%s reason=%s", base,
		 http_client_error(m->http));
	return 0;
}

/* Counts a failed call; the next one goes to the next registry. How long to wait for it, in us. */
static uint64_t membership_failed(struct membership *m, const char *what, long status)
{
	char why[REFUSAL_STRLEN];

	if (status > 0) {
		registration_parse_refusal(why, http_client_answer(m->http));
		log_warn("membership", "the registry refuses",
			 "call=%s status=%ld url=%s reason=%s", what, status,
			 m->member->registries->values[m->registry], why);
	}
	membership_count(m, CALL_FAILED);
	m->registry = (m->registry + 1) % m->member->registries->n_values;
	return backoff_next_ms(&m->backoff) * US_PER_MS;
}

/* The interval, 10 % up or down: many analyzers that start at once shall not stay in step. */
static void membership_set_due(struct membership *m)
{
	uint64_t interval_us = m->lease.heartbeat_ms * US_PER_MS;

	m->sent_us = clock_mono_us();
	m->due_us = m->sent_us + rng_range(&m->rng, interval_us - interval_us / 10,
					   interval_us + interval_us / 10);
}

/* How long until the next heartbeat, or until it is time to look for news, in us. */
static uint64_t membership_next_us(const struct membership *m)
{
	uint64_t now_us = clock_mono_us();
	uint64_t due_us = m->due_us > now_us ? m->due_us - now_us : 0;
	uint64_t news_us = NEWS_US - (now_us - m->sent_us) % NEWS_US;

	return due_us < news_us ? due_us : news_us;
}

/* Steps return how long to sleep until the next one, in us. */
static uint64_t membership_join(struct membership *m)
{
	long status;

	buf_clear(&m->body);
	registration_body(&m->body, m->member, m->instance, m->started_ms);
	status = membership_call(m, "PUT", "", CALL_TIMEOUT_MS);
	if (status != 200 && status != 201)
		return membership_failed(m, "register", status);
	if (registration_parse(&m->lease, http_client_answer(m->http), m->member->ttl_ms)) {
		log_warn("membership", "the registry's answer has no lease");
		return membership_failed(m, "register", status);
	}
	membership_count(m, CALL_REGISTER);
	backoff_reset(&m->backoff);
	m->n_sent = NOTHING_SENT;
	membership_set_due(m);
	log_info("membership", "registered", "id=%s instance=%s url=%s delivery_url=%s",
		 m->member->id, m->lease.instance, m->member->registries->values[m->registry],
		 m->member->url);
	membership_set_state(m, MEMBER_ACTIVE);
	return membership_next_us(m);
}

static uint64_t membership_on_beat(struct membership *m, uint64_t n_processed)
{
	char fault[FAULT_STRLEN];

	if (registration_parse_heartbeat(fault, http_client_answer(m->http)))
		log_warn("membership", "the answer to a heartbeat is not JSON");
	else if (m->hooks.on_fault)
		m->hooks.on_fault(m->hooks.arg, *fault ? fault : NULL);
	membership_count(m, CALL_HEARTBEAT);
	backoff_reset(&m->backoff);
	m->n_sent = n_processed;
	membership_set_due(m);
	return membership_next_us(m);
}

static uint64_t membership_beat(struct membership *m)
{
	uint64_t n_processed = membership_processed(m);
	long status;

	if (n_processed == m->n_sent && clock_mono_us() < m->due_us)
		return membership_next_us(m);
	buf_clear(&m->body);
	registration_heartbeat_body(&m->body, m->lease.instance, n_processed);
	status = membership_call(m, "POST", "/heartbeat", CALL_TIMEOUT_MS);
	if (status >= 200 && status <= 299)
		return membership_on_beat(m, n_processed);
	if (status == 404) {
		log_warn("membership", "the registry does not know this analyzer");
		membership_set_state(m, MEMBER_JOINING);
		return 0;
	}
	if (status == 409) {
		log_error("membership", "another instance has taken the id", "id=%s",
			  m->member->id);
		membership_set_state(m, MEMBER_TAKEN);
		return 0;
	}
	return membership_failed(m, "heartbeat", status);
}

/* Time left to leave, in ms; 0: none. */
static uint64_t membership_time_left_ms(struct membership *m)
{
	uint64_t now_us = clock_mono_us(), left_ms;

	pthread_mutex_lock(&m->lock);
	left_ms = m->leave_by_us > now_us ? (m->leave_by_us - now_us) / US_PER_MS : 0;
	pthread_mutex_unlock(&m->lock);
	return left_ms;
}

/* One try at each registry. 404 and 409: the lease is gone, or another's: nothing to leave. */
static void membership_deregister(struct membership *m)
{
	uint64_t n_processed = membership_processed(m);

	if (m->state != MEMBER_ACTIVE)
		return;
	buf_clear(&m->body);
	registration_heartbeat_body(&m->body, m->lease.instance, n_processed);
	for (size_t i = 0; i < m->member->registries->n_values; i++) {
		uint64_t left_ms = membership_time_left_ms(m);
		long status;

		if (left_ms == 0)
			break;
		status = membership_call(m, "DELETE", "", left_ms);
		if ((status >= 200 && status <= 299) || status == 404 || status == 409) {
			membership_count(m, CALL_DEREGISTER);
			log_info("membership", "deregistered", "status=%ld", status);
			m->is_deregistered = true;
			m->n_sent = n_processed;
			return;
		}
		membership_failed(m, "deregister", status);
	}
	log_warn("membership", "not deregistered: its lease will run out");
}
