#ifndef WEIR_COMMON_H2_BUDGET_H
#define WEIR_COMMON_H2_BUDGET_H
/*
 * Frames that ask for work and bring no packet: PING, SETTINGS, RST_STREAM, WINDOW_UPDATE, PRIORITY,
 * empty DATA, trailers, requests that are malformed or too many, and frames of unknown types. Each
 * costs one of a budget, and so do 64 KiB of unpacked header sections. Time and whole requests fill it
 * up again. A client that keeps to the protocol does not use it up; a flood does, whatever frames it is
 * made of. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#define H2_BUDGET_FULL 1000
#define H2_BUDGET_PER_S 100
#define H2_BUDGET_PER_REQUEST 4

struct h2_budget {
	uint32_t n_left;
	uint64_t filled_us; /* the time up to which it was filled */
};

void h2_budget_init(struct h2_budget *b, uint64_t now_us);
/* False: it is used up. */
bool h2_budget_take(struct h2_budget *b, uint64_t now_us);
/* A request is whole. */
void h2_budget_earn(struct h2_budget *b);

#endif
