#include "loadgen/steering.h"

#include "common/clock.h"

#define RATE_US US_PER_S /* rates are those of the last second */

void steering_init(struct steering *s, struct emitter *emitter, struct pacer *pacer)
{
	*s = (struct steering){ .emitter = emitter };
	if (emitter)
		pacer_stop(pacer);
}

void steering_follow(struct steering *s, struct pacer *pacer, uint64_t now_us)
{
	struct emitter_orders orders;

	if (!s->emitter)
		return;
	emitter_take(s->emitter, &orders);
	s->n_due += orders.n_messages;
	if (!orders.is_changed)
		return;
	pacer_init(pacer, orders.rate_per_s, now_us);
	if (!orders.is_running)
		pacer_stop(pacer);
}

static void measure_rates(struct steering *s, const struct stats *stats, uint64_t now_us)
{
	uint64_t since_us = now_us - s->last_us;

	if (s->last_us && since_us < RATE_US)
		return;
	if (s->last_us) {
		double seconds = (double)since_us / (double)US_PER_S;

		s->packets_per_s = (double)(stats->sent.packets - s->last.packets) / seconds;
		s->messages_per_s = (double)(stats->sent.messages - s->last.messages) / seconds;
	}
	s->last_us = now_us;
	s->last = stats->sent;
}

static struct emitter_tally tally_of(const struct tally *tally)
{
	return (struct emitter_tally){ tally->packets, tally->messages };
}

void steering_tell(struct steering *s, const struct stats *stats, uint64_t n_backlog,
		   uint32_t n_in_flight, uint64_t now_us)
{
	const struct histogram *latency = &stats->latency_us;

	if (!s->emitter)
		return;
	measure_rates(s, stats, now_us);
	emitter_publish(s->emitter,
			&(struct emitter_figures){ .sent = tally_of(&stats->sent),
						   .accepted = tally_of(&stats->accepted),
						   .refused = tally_of(&stats->refused),
						   .failed = tally_of(&stats->failed),
						   .n_sent_bytes = stats->n_sent_bytes,
						   .packets_per_s = s->packets_per_s,
						   .messages_per_s = s->messages_per_s,
						   .p50_us = histogram_percentile(latency, 50),
						   .p90_us = histogram_percentile(latency, 90),
						   .p99_us = histogram_percentile(latency, 99),
						   .max_us = latency->max,
						   .n_backlog = n_backlog,
						   .n_waiting = s->n_due,
						   .n_in_flight = n_in_flight });
}
