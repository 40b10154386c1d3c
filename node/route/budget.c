#include "node/route/budget.h"

void budget_init(struct budget *b, uint64_t wait_max_us)
{
	*b = (struct budget){ .wait_max_us = wait_max_us > 0 ? wait_max_us : 1 };
}

void budget_set_prices(struct budget *b, uint64_t call_us, uint64_t packet_us)
{
	b->call_us = call_us;
	b->packet_us = packet_us;
}

void budget_spend(struct budget *b, uint64_t now_us, unsigned n_packets)
{
	uint64_t wait_us = b->call_us + n_packets * b->packet_us;

	b->next_us = now_us + (wait_us < b->wait_max_us ? wait_us : b->wait_max_us);
}

double budget_load(const struct budget *b, double packets_per_us)
{
	double calls_per_us = 1.0 / (double)b->wait_max_us; /* the fewest there can be */

	if (packets_per_us < calls_per_us)
		calls_per_us = packets_per_us;
	return calls_per_us * (double)b->call_us + packets_per_us * (double)b->packet_us;
}
