#include "loadgen/load.h"

#include <signal.h>
#include <string.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "loadgen/slots.h"
#include "loadgen/steering.h"

#define TICK_US 1000
#define SWEEP_US 20000
#define PROGRESS_US 250000
#define MAX_WAITING_RETRIES 65536 /* beyond, a refusal is final: it bounds the memory */
#define RETRY_BASE_MS 100
#define RETRY_CAP_MS 10000
#define MAX_RETRY_AFTER_S 60

enum load_phase {
	LOAD_RUNNING,   /* packets become due */
	LOAD_DRAINING,  /* the schedule is over: what was due is still sent, until drain_until_us */
	LOAD_FINISHING, /* nothing is sent any more: what is in flight is waited for */
	LOAD_OVER,      /* everything has its outcome */
	LOAD_PHASES
};

struct load {
	const struct load_config *config;
	struct source *source;
	struct stats *stats;
	load_progress_fn progress_fn;
	void *progress_arg;

	struct event_base *base;
	struct event *tick_event, *int_event, *term_event, *hup_event;
	enum load_phase phase;
	int err; /* what ended the run early: negative errno */
	uint64_t drain_until_us;
	uint64_t next_sweep_us, next_progress_us;

	struct pacer pacer;
	struct steering steering;
	uint64_t next_number; /* of a packet, in its id */
	struct slots slots;
	struct packet_pool pool;
	struct writing writing;
	struct buf plain; /* a packet before it is compressed */
	struct retry_queue retries;
	struct backoff retry_delay; /* its `attempt` is set to the packet's before each use */
};

static int load_init(struct load *l);
static void on_tick(evutil_socket_t fd, short what, void *arg);
static void load_pump(struct load *l, uint64_t now_us);
static void on_done(void *arg, struct packet *packet);
static void load_settle(struct load *l, struct packet *packet);
static void on_signal(evutil_socket_t sig, short what, void *arg);
static void load_set_phase(struct load *l, enum load_phase next, uint64_t now_us);
static void load_give_up_unsent(struct load *l, uint64_t now_us);
static void load_end(struct load *l, uint64_t now_us);
static void load_deinit(struct load *l);

/* ---- start ---- */

static int load_init_events(struct load *l)
{
	const struct timeval tick = clock_timeval(TICK_US);

	l->tick_event = event_new(l->base, -1, EV_PERSIST, on_tick, l);
	l->int_event = evsignal_new(l->base, SIGINT, on_signal, l);
	l->term_event = evsignal_new(l->base, SIGTERM, on_signal, l);
	l->hup_event = evsignal_new(l->base, SIGHUP, on_signal, l);
	if (!l->tick_event || !l->int_event || !l->term_event || !l->hup_event)
		return -ENOMEM;
	if (event_add(l->tick_event, &tick) || event_add(l->int_event, NULL) ||
	    event_add(l->term_event, NULL) || event_add(l->hup_event, NULL))
		return -ENOMEM;
	return 0;
}

static void load_init_pacer(struct load *l, uint64_t now_us)
{
	pacer_init(&l->pacer, l->config->rate_per_s, now_us);
	if (l->config->duration_ms)
		l->pacer.end_us = now_us + l->config->duration_ms * US_PER_MS;
	if (l->config->max_packets)
		l->pacer.max_packets = l->config->max_packets;
	steering_init(&l->steering, l->config->emitter, &l->pacer);
}

/* A coarse clock, which libevent takes else, would make packets some 4 ms late. */
static struct event_base *load_new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && !event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER))
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

static int load_init(struct load *l)
{
	int r;

	l->base = load_new_base();
	if (!l->base)
		return -ENOMEM;
	r = slots_init(&l->slots, l->base, l->config->targets, l->config->n_targets,
		       l->config->n_connections, &l->stats->connections, on_done, l);
	if (r)
		return r;
	backoff_init(&l->retry_delay, RETRY_BASE_MS, RETRY_CAP_MS, 0);
	return load_init_events(l);
}

static void load_deinit(struct load *l)
{
	slots_deinit(&l->slots);
	retry_queue_deinit(&l->retries);
	packet_pool_deinit(&l->pool);
	writing_deinit(&l->writing);
	buf_deinit(&l->plain);
	if (l->tick_event)
		event_free(l->tick_event);
	if (l->int_event)
		event_free(l->int_event);
	if (l->term_event)
		event_free(l->term_event);
	if (l->hup_event)
		event_free(l->hup_event);
	if (l->base)
		event_base_free(l->base);
}

int load_run(const struct load_config *config, struct source *source, struct stats *stats,
	     load_progress_fn progress_fn, void *arg)
{
	struct load l = { .config = config,
			  .source = source,
			  .stats = stats,
			  .progress_fn = progress_fn,
			  .progress_arg = arg };
	uint64_t now_us;
	int r;

	stats_init(stats, clock_mono_us());
	r = load_init(&l);
	if (!r) {
		now_us = clock_mono_us();
		stats->start_us = stats->end_us = now_us;
		load_init_pacer(&l, now_us);
		load_pump(&l, now_us);
		r = l.phase < LOAD_OVER && event_base_dispatch(l.base) < 0 ? -EIO : l.err;
	}
	load_deinit(&l);
	return r;
}

/* ---- sending ---- */

static void load_send(struct load *l, struct slot *slot, struct packet *packet, uint64_t now_us)
{
	if (packet->n_attempts++)
		l->stats->n_retries++;
	else
		stats_add_sent(l->stats, packet->n_messages, packet->body.len);
	slots_send(&l->slots, slot, packet, now_us);
}

static int load_write_packet(struct load *l, struct packet *packet)
{
	const struct load_config *config = l->config;
	bool is_plain = !config->compressor && !config->framing;
	struct buf *plain = is_plain ? &packet->body : &l->plain;
	int r;

	snprintf(packet->id, sizeof(packet->id), "%s-%llu", config->id_prefix,
		 (unsigned long long)l->next_number);
	r = source_write_packet(l->source, config->writer, &l->writing, packet->id,
				clock_wall_us() / US_PER_MS, plain, &packet->n_messages);
	if (r || is_plain)
		return r;
	if (config->framing)
		return framing_write(config->framing, config->compressor, packet->id,
				     packet->n_messages, plain, &packet->body);
	return compressor_pack(config->compressor, plain->data, plain->len, &packet->body);
}

/* The source gave no packet. */
static void load_source_stopped(struct load *l, int reason, uint64_t now_us)
{
	if (reason == SOURCE_E_LATER) {
		pacer_postpone(&l->pacer, now_us);
		return;
	}
	pacer_stop(&l->pacer);
	if (reason < 0) {
		l->err = reason;
		load_set_phase(l, LOAD_OVER, now_us);
	}
}

/* It was written: the schedule, or what was ordered, goes on. */
static void load_note_packet(struct load *l, struct packet *packet)
{
	const uint64_t max_messages = l->config->max_messages;

	l->next_number++;
	if (l->steering.n_due)
		l->steering.n_due -= packet->n_messages;
	else
		pacer_take(&l->pacer);
	if (max_messages && l->stats->sent.messages + packet->n_messages >= max_messages)
		pacer_stop(&l->pacer);
}

/* A packet that is due now; NULL: none. */
static struct packet *load_new_packet(struct load *l, uint64_t now_us)
{
	struct packet *packet;
	uint64_t due_us = now_us;
	int r;

	if (!l->steering.n_due && !pacer_peek(&l->pacer, now_us, &due_us))
		return NULL;
	l->source->at_most = l->steering.n_due;
	packet = packet_pool_take(&l->pool);
	r = packet ? load_write_packet(l, packet) : -ENOMEM;
	if (r) {
		if (packet)
			packet_pool_give(&l->pool, packet);
		load_source_stopped(l, r, now_us);
		return NULL;
	}
	packet->due_us = due_us;
	load_note_packet(l, packet);
	return packet;
}

static struct packet *load_next_packet(struct load *l, uint64_t now_us)
{
	const struct packet *waiting = retry_queue_peek(&l->retries);

	if (waiting && waiting->retry_us <= now_us)
		return retry_queue_pop(&l->retries);
	return load_new_packet(l, now_us);
}

/* Sends what is due, as far as connections are free. */
static void load_pump(struct load *l, uint64_t now_us)
{
	struct packet *packet;
	struct slot *slot;

	while (l->phase <= LOAD_DRAINING && (slot = slots_pick(&l->slots))) {
		packet = load_next_packet(l, now_us);
		if (!packet)
			return;
		load_send(l, slot, packet, now_us);
	}
}

/* ---- outcomes ---- */

/* What agents try again: no answer, and answers that promise that it may help. */
static bool result_is_transient(const struct client_result *result)
{
	switch (result->outcome) {
	case CLIENT_CONNECT_FAILED:
	case CLIENT_CLOSED_EARLY:
	case CLIENT_TIMED_OUT:
		return true;
	case CLIENT_ANSWERED:
		return result->status == 429 || (result->status >= 502 && result->status <= 504);
	default:
		return false;
	}
}

static uint64_t load_retry_delay_us(struct load *l, const struct packet *packet)
{
	int64_t after_s = packet->result.retry_after_s;

	if (after_s >= 0)
		return (uint64_t)(after_s < MAX_RETRY_AFTER_S ? after_s : MAX_RETRY_AFTER_S) *
		       US_PER_S;
	l->retry_delay.attempt = packet->n_attempts - 1;
	return backoff_next_ms(&l->retry_delay) * US_PER_MS;
}

/* Takes the packet, or leaves it to its outcome: false. */
static bool load_retry(struct load *l, struct packet *packet)
{
	if (packet->n_attempts > l->config->n_retries || !result_is_transient(&packet->result) ||
	    l->phase > LOAD_DRAINING || l->retries.n >= MAX_WAITING_RETRIES)
		return false;
	packet->retry_us = packet->result.end_us + load_retry_delay_us(l, packet);
	if (retry_queue_push(&l->retries, packet))
		return false;
	stats_add_retried(l->stats, &packet->result);
	return true;
}

/* The final outcome. Takes the packet. */
static void load_settle(struct load *l, struct packet *packet)
{
	stats_add_outcome(l->stats, packet->n_messages, packet->due_us, &packet->result);
	if (l->config->acked && stats_is_accepted(&packet->result))
		fprintf(l->config->acked, "%s\n", packet->id);
	packet_pool_give(&l->pool, packet);
}

static void on_done(void *arg, struct packet *packet)
{
	const struct client_result *result = &packet->result;
	struct load *l = arg;
	uint64_t now_us = result->end_us;

	if (packet->n_attempts == 1 && result->first_byte_us)
		stats_add_lateness(l->stats, packet->due_us, result->first_byte_us);
	if (!load_retry(l, packet))
		load_settle(l, packet);
	load_pump(l, now_us);
}

/* ---- time ---- */

static void load_set_phase(struct load *l, enum load_phase next, uint64_t now_us)
{
	if (next <= l->phase)
		return;
	l->phase = next;
	if (next == LOAD_DRAINING)
		l->drain_until_us = now_us + l->config->timeout_ms * US_PER_MS;
	else
		load_give_up_unsent(l, now_us);
	if (next == LOAD_OVER)
		load_end(l, now_us);
}

static void load_show_progress(struct load *l, uint64_t now_us)
{
	double done = pacer_progress(&l->pacer, now_us), by_messages = 0;

	if (l->config->max_messages)
		by_messages = (double)l->stats->sent.messages / (double)l->config->max_messages;
	if (by_messages > done)
		done = by_messages < 1 ? by_messages : 1;
	if (l->progress_fn)
		l->progress_fn(l->progress_arg, &(struct load_progress){
							.stats = l->stats,
							.now_us = now_us,
							.backlog = pacer_backlog(&l->pacer, now_us),
							.n_in_flight = l->slots.n_in_flight,
							.done = done,
						});
}

/* The ids reach the file in time for someone who reads along. */
static void load_report(struct load *l, uint64_t now_us)
{
	load_show_progress(l, now_us);
	steering_tell(&l->steering, l->stats, pacer_backlog(&l->pacer, now_us),
		      l->slots.n_in_flight, now_us);
	if (l->config->acked && fflush(l->config->acked))
		l->err = -errno;
}

static void load_watch_backlog(struct load *l, uint64_t now_us)
{
	uint64_t backlog = pacer_backlog(&l->pacer, now_us), n_over;

	if (backlog > l->config->max_backlog) {
		n_over = backlog - l->config->max_backlog;
		pacer_skip(&l->pacer, n_over);
		l->stats->n_dropped += n_over;
		backlog -= n_over;
	}
	if (backlog > l->stats->max_backlog)
		l->stats->max_backlog = backlog;
}

static void load_advance_phase(struct load *l, uint64_t now_us)
{
	uint64_t due_us;

	if (l->phase == LOAD_RUNNING && !l->config->emitter &&
	    (now_us >= l->pacer.end_us || pacer_is_over(&l->pacer, now_us)))
		load_set_phase(l, LOAD_DRAINING, now_us);
	if (l->phase == LOAD_DRAINING &&
	    (now_us >= l->drain_until_us ||
	     !(l->slots.n_in_flight || l->retries.n || pacer_peek(&l->pacer, now_us, &due_us))))
		load_set_phase(l, LOAD_FINISHING, now_us);
	if (l->phase == LOAD_FINISHING && !l->slots.n_in_flight)
		load_set_phase(l, LOAD_OVER, now_us);
}

static void on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct load *l = arg;
	uint64_t now_us = clock_mono_us();

	if (now_us >= l->next_sweep_us) {
		l->next_sweep_us = now_us + SWEEP_US;
		slots_sweep(&l->slots, now_us, l->config->timeout_ms * US_PER_MS);
	}
	steering_follow(&l->steering, &l->pacer, now_us);
	load_pump(l, now_us);
	load_watch_backlog(l, now_us);
	if (now_us >= l->next_progress_us) {
		l->next_progress_us = now_us + PROGRESS_US;
		load_report(l, now_us);
	}
	load_advance_phase(l, now_us);
}

static void on_signal(evutil_socket_t sig UNUSED, short what UNUSED, void *arg)
{
	struct load *l = arg;
	uint64_t now_us = clock_mono_us();

	if (l->stats->interrupted) {
		load_set_phase(l, LOAD_OVER, now_us);
		return;
	}
	l->stats->interrupted = true;
	load_set_phase(l, LOAD_FINISHING, now_us);
}

/* What waits for a connection was never sent; what waits for a retry keeps its last outcome. */
static void load_give_up_unsent(struct load *l, uint64_t now_us)
{
	struct packet *packet;

	l->stats->n_unsent += pacer_backlog(&l->pacer, now_us);
	pacer_stop(&l->pacer);
	while ((packet = retry_queue_pop(&l->retries)))
		load_settle(l, packet);
}

static void load_end(struct load *l, uint64_t now_us)
{
	slots_abort(&l->slots);
	load_report(l, now_us);
	event_base_loopbreak(l->base);
}
