#ifndef WEIR_NODE_BUDGET_H
#define WEIR_NODE_BUDGET_H
/*
 * A worker's part of Redis' time, and what may be asked of Redis for it. Pure.
 *
 * All workers together shall take about a third of that time. So Redis answers prices: for how long
 * a worker has used up its part by one route call, and by each packet in it. The next route call
 * waits for so long, and takes along what comes meanwhile: calls get fewer and larger when Redis is
 * busy. But no packet waits for long, so there are rates at which even that takes more.
 */
#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t call_us, packet_us; /* prices; 0: not known yet */
	uint64_t wait_max_us;        /* no packet waits longer for its call to begin */
	uint64_t next_us;            /* no route call begins before */
};

void budget_init(struct budget *b, uint64_t wait_max_us);
void budget_set_prices(struct budget *b, uint64_t call_us, uint64_t packet_us);
/* A route call with n_packets begins. */
void budget_spend(struct budget *b, uint64_t now_us, unsigned n_packets);
/* What it takes at least to have Redis choose for packets that come at this rate; 1: the part. */
double budget_load(const struct budget *b, double packets_per_us);

#endif
