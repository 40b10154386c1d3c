#include "loadgen/stats.h"

#include "common/clock.h"

void stats_init(struct stats *s, uint64_t now_us)
{
	*s = (struct stats){ .start_us = now_us, .end_us = now_us };
	histogram_init(&s->latency_us);
	histogram_init(&s->service_us);
	histogram_init(&s->lateness_us);
}

static void tally_add(struct tally *t, uint32_t n_messages)
{
	t->packets++;
	t->messages += n_messages;
}

void stats_add_sent(struct stats *s, uint32_t n_messages, size_t n_bytes)
{
	tally_add(&s->sent, n_messages);
	s->n_sent_bytes += n_bytes;
	if (n_messages > s->max_messages)
		s->max_messages = n_messages;
}

static uint64_t elapsed_us(uint64_t from_us, uint64_t to_us)
{
	return to_us > from_us ? to_us - from_us : 0;
}

void stats_add_lateness(struct stats *s, uint64_t due_us, uint64_t first_byte_us)
{
	histogram_add(&s->lateness_us, elapsed_us(due_us, first_byte_us));
}

bool stats_is_accepted(const struct client_result *result)
{
	return result->outcome == CLIENT_ANSWERED && result->status >= 200 && result->status < 300;
}

static void count_by_reason(const struct client_result *result, uint64_t *by_status,
			    uint64_t *by_outcome)
{
	if (result->outcome == CLIENT_ANSWERED) {
		assert(result->status >= 0 && result->status < STATS_STATUSES);
		by_status[result->status]++;
	} else {
		by_outcome[result->outcome]++;
	}
}

void stats_add_retried(struct stats *s, const struct client_result *result)
{
	count_by_reason(result, s->retried_by_status, s->retried_by_outcome);
}

void stats_add_outcome(struct stats *s, uint32_t n_messages, uint64_t due_us,
		       const struct client_result *result)
{
	if (result->end_us > s->end_us)
		s->end_us = result->end_us;
	if (stats_is_accepted(result)) {
		tally_add(&s->accepted, n_messages);
		histogram_add(&s->latency_us, elapsed_us(due_us, result->end_us));
		histogram_add(&s->service_us, elapsed_us(result->first_byte_us, result->end_us));
	} else {
		tally_add(result->outcome == CLIENT_ANSWERED ? &s->refused : &s->failed,
			  n_messages);
		count_by_reason(result, s->refused_by_status, s->failed_by_outcome);
	}
}

bool stats_all_accepted(const struct stats *s)
{
	return s->accepted.packets == s->sent.packets && !s->n_dropped &&
	       (!s->n_unsent || s->interrupted);
}

double stats_elapsed_s(const struct stats *s)
{
	uint64_t us = elapsed_us(s->start_us, s->end_us);

	return (double)(us ? us : 1) / (double)US_PER_S;
}
