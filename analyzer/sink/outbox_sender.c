#include "analyzer/sink/outbox_sender.h"

#include <pthread.h>

#include "analyzer/sink/held.h"
#include "analyzer/sink/outbox.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"

#define BATCH_MESSAGES 500
#define LOOK_MS 20 /* between two looks at a connection with messages that are held */
#define IDLE_MS 1000
#define PROBE_MS 50 /* how long the first message after a failure goes alone */
#define RETRY_BASE_MS 100
#define RETRY_CAP_MS 2000
#define REMOVE_AGAIN_US US_PER_S /* after the outbox has failed */

static_assert(OUTBOX_E_FULL == SINK_E_FULL, "handed up unchanged");

struct outbox_sender {
	const struct sink_options *options;
	const struct carrier_ops *ops;
	struct sink_counters *counters;
	struct outbox *outbox; /* owned */
	void *carrier;         /* owned */
	struct items items;
	struct backoff backoff;
	struct held held;
	int64_t sent; /* the last number that went out on this connection, or was removed */
	int64_t removed;
	uint64_t remove_again_us; /* not before; the outbox has failed */
	size_t batch;             /* how many the next batch may have: one after a failure */
	size_t most;              /* it grows up to that */
	bool is_probing;          /* the last one failed */
	pthread_t thread;
	bool has_thread, has_lock;
	pthread_mutex_t lock; /* of the next two */
	pthread_cond_t changed;
	bool is_stopping, has_news;
};

static void publish(struct outbox_sender *s)
{
	atomic_store(&s->counters->outbox_messages, outbox_messages(s->outbox));
	atomic_store(&s->counters->outbox_bytes, outbox_bytes(s->outbox));
}

/* Until a message comes, it is to stop, or the time is over. False: it is to stop. */
static bool wait_ms(struct outbox_sender *s, uint64_t ms, bool heeds_news)
{
	uint64_t until_us = clock_mono_us() + ms * US_PER_MS;
	struct timespec until = { (time_t)(until_us / US_PER_S),
				  (long)(until_us % US_PER_S * 1000) };
	bool goes_on;
	int r = 0;

	pthread_mutex_lock(&s->lock);
	while (!s->is_stopping && !(heeds_news && s->has_news) && r == 0)
		r = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	s->has_news &= !heeds_news;
	goes_on = !s->is_stopping;
	pthread_mutex_unlock(&s->lock);
	return goes_on;
}

static size_t grown(size_t batch, size_t most)
{
	return 2 * batch < most ? 2 * batch : most;
}

/* Whatever is held goes out again. */
static void begin_again(struct outbox_sender *s)
{
	uint64_t n_held = s->sent > s->removed ? (uint64_t)(s->sent - s->removed) : 0;

	if (n_held > 0)
		log_warn("outbox",
			 "the connection ended, what may not have been read is sent again",
			 "messages=%llu", (unsigned long long)n_held);
	atomic_fetch_add(&s->counters->retried, n_held);
	s->sent = s->removed;
	held_clear(&s->held);
	s->batch = 1;
	s->is_probing = true;
}

/* What cannot be removed now stays held, so that it is tried again. */
static void remove_held(struct outbox_sender *s)
{
	uint64_t now_us = clock_mono_us();
	int64_t last;

	if (now_us < s->remove_again_us || !held_is_over(&s->held, now_us, &last))
		return;
	if (outbox_remove(s->outbox, last)) {
		s->remove_again_us = now_us + REMOVE_AGAIN_US;
		return;
	}
	held_remove(&s->held, last);
	s->removed = last;
	s->most = grown(s->most, BATCH_MESSAGES);
	publish(s);
}

static void mark_sent(struct outbox_sender *s, int64_t last)
{
	held_add(&s->held, last, clock_mono_us());
	s->sent = last;
}

/* A batch that is twice as large, or as small, takes twice as long, or half of it. */
static void adapt_batch(struct outbox_sender *s, uint64_t took_us)
{
	uint64_t limit_us = s->options->timeout_ms * US_PER_MS;

	if (took_us > limit_us / 2 && s->items.n > 1)
		s->batch = s->items.n / 2;
	else if (took_us < limit_us / 4 && s->items.n >= s->batch)
		s->batch = grown(s->batch, s->most);
}

/* After a failure one message goes alone, until nothing speaks against it. */
static int send_batch(struct outbox_sender *s, int64_t last)
{
	uint64_t start_us = clock_mono_us();
	int r = s->ops->send(s->carrier, &s->items, start_us + s->options->timeout_ms * US_PER_MS);
	uint64_t took_us = clock_mono_us() - start_us;

	if (r)
		return r;
	if (s->is_probing && (!wait_ms(s, PROBE_MS, false) || !s->ops->is_alive(s->carrier)))
		return SINK_E_AWAY;
	s->is_probing = false;
	atomic_fetch_add(&s->counters->sent, s->items.n);
	backoff_reset(&s->backoff);
	adapt_batch(s, took_us);
	mark_sent(s, last);
	return 0;
}

/* The receiver did not take all of the batch in time. What was held until then, it has had for long
 * enough. */
static void give_less(struct outbox_sender *s)
{
	remove_held(s);
	s->batch = s->most = s->items.n > 1 ? s->items.n / 2 : 1;
}

/* True: there may be more to do at once. */
static bool turn(struct outbox_sender *s, uint64_t *pause_msp)
{
	int64_t last;
	int r;

	*pause_msp = s->held.n > 0 ? LOOK_MS : IDLE_MS;
	if (!s->ops->is_alive(s->carrier) && s->held.n > 0)
		begin_again(s);
	remove_held(s);
	r = outbox_get(s->outbox, s->sent, s->batch, &s->items, &last);
	if (r || last == s->sent)
		return false;
	if (s->items.n == 0) {
		atomic_fetch_add(&s->counters->dropped[SINK_DROP_BROKEN], 1);
		mark_sent(s, last);
		return true;
	}
	r = send_batch(s, last);
	if (r == 0) {
		*pause_msp = LOOK_MS;
		return true;
	}
	if (r == CARRIER_E_SLOW)
		give_less(s);
	if (r != CARRIER_E_SLOW || !s->ops->is_alive(s->carrier))
		begin_again(s);
	*pause_msp = backoff_next_ms(&s->backoff);
	return false;
}

static void *run(void *arg)
{
	struct outbox_sender *s = arg;
	uint64_t pause_ms;
	bool goes_on = true;

	while (goes_on) {
		bool has_more = turn(s, &pause_ms);

		goes_on = wait_ms(s, has_more ? 0 : pause_ms, !s->is_probing);
	}
	return NULL;
}

static int start_thread(struct outbox_sender *s)
{
	int r;

	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->changed);
	s->has_lock = true;
	r = pthread_create(&s->thread, NULL, run, s);
	s->has_thread = r == 0;
	return -r;
}

int outbox_sender_start(const struct sink_options *options, const struct carrier_ops *ops,
			struct sink_counters *counters, struct outbox_sender **senderp)
{
	struct outbox_sender *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->options = options;
	s->ops = ops;
	s->counters = counters;
	s->batch = s->most = BATCH_MESSAGES;
	s->held.hold_us = options->hold_ms * US_PER_MS;
	backoff_init(&s->backoff, RETRY_BASE_MS, RETRY_CAP_MS, 0);
	r = outbox_open(options->outbox, options->outbox_max_bytes, (int)options->target.kind + 1,
			&s->outbox);
	if (r == OUTBOX_E_OTHER)
		r = -EINVAL;
	s->carrier = r ? NULL : ops->open(options, counters);
	if (!r && !s->carrier)
		r = -ENOMEM;
	if (!r) {
		publish(s);
		log_info("outbox", "opened", "path=%s messages=%llu", options->outbox,
			 (unsigned long long)outbox_messages(s->outbox));
		r = start_thread(s);
	}
	if (r)
		outbox_sender_stop(s);
	else
		*senderp = s;
	return r;
}

static void end_thread(struct outbox_sender *s)
{
	if (!s->has_thread)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_stopping = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->has_thread = false;
}

void outbox_sender_drain(struct outbox_sender *s, uint64_t timeout_ms)
{
	uint64_t until_us = clock_mono_us() + timeout_ms * US_PER_MS;
	struct timespec step = { .tv_nsec = LOOK_MS * 1000000 };

	while (outbox_messages(s->outbox) > 0 && clock_mono_us() < until_us)
		nanosleep(&step, NULL);
	end_thread(s);
	if (outbox_messages(s->outbox) > 0)
		log_info("outbox", "messages stay in the outbox", "messages=%llu",
			 (unsigned long long)outbox_messages(s->outbox));
}

void outbox_sender_stop(struct outbox_sender *s)
{
	if (!s)
		return;
	end_thread(s);
	if (s->has_lock) {
		pthread_cond_destroy(&s->changed);
		pthread_mutex_destroy(&s->lock);
	}
	if (s->carrier)
		s->ops->close(s->carrier);
	outbox_close(s->outbox);
	items_deinit(&s->items);
	free(s);
}

int outbox_sender_put(struct outbox_sender *s, const struct items *items)
{
	int r = outbox_put(s->outbox, items);

	if (r < 0)
		return SINK_E_AWAY;
	if (r)
		return SINK_E_FULL;
	publish(s);
	pthread_mutex_lock(&s->lock);
	s->has_news = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return 0;
}
