#ifndef WEIR_REGISTRY_SETTLEMENT_H
#define WEIR_REGISTRY_SETTLEMENT_H
/*
 * The two numbered calls of a worker, route and settle, as lua/ defines them: arguments and
 * answers.
 */
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "registry/roster.h"
#include "registry/scripts.h"

#define ROUTE_MAX_PACKETS 2048 /* in one call of route */
#define WORKER_LEASE_MS 5000   /* a worker that calls nothing for so long is dead */
#define ROUTE_NONE 65535u      /* a choice: none can be chosen */

/* Who calls, and how often it has. */
struct caller {
	char worker[WORKER_NAME_SIZE]; /* node/index */
	char token[33];                /* of this run of the worker */
	uint64_t number;               /* of the call; a repeated one keeps its number */
	uint64_t epoch;                /* of the roster the call's slots belong to */
	uint32_t lease_ms;             /* of the worker */
	double catchup_max_messages;
};

/* What changed per slot since the last call that was answered. */
struct settlement_delta {
	double credit, routed, delivered, delivered_packets, forgiven;
};

struct settle_request {
	const struct settlement_delta *deltas; /* n_slots */
	unsigned n_slots;
	bool counts;              /* tells delivered, delivered_packets and forgiven too */
	double expected_messages; /* in the next window; 0: no lease wanted */
	const char *unreachable;  /* "1,~4,!7"; ~: being tried again; !: it hangs */
	const char *slow;         /* "1,4": get less than their share; NULL = "" */
	const char *node_info;    /* JSON, "" = as before */
	const char *accounts;     /* JSON, see lua/settle.lua; "" or NULL = as before */
	bool idle;                /* write the readable hashes now */
	bool leaving;             /* the last call of this worker */
};

/* Fill args; `scratch` holds the packed vectors and must live until the call is formatted. */
void settle_args(struct script_args *args, const struct caller *caller,
		 const struct settle_request *request, struct buf *scratch);
void route_args(struct script_args *args, const struct caller *caller, const uint32_t *sizes,
		unsigned n_sizes, const char *not_now, struct buf *scratch);

enum settlement_status {
	SETTLEMENT_OK,
	SETTLEMENT_BEHIND, /* nothing was changed: Redis has lost what the caller has seen, bring it
			      back first */
	SETTLEMENT_FAILED  /* no answer, or none that can be understood: not known whether it ran */
};

struct settlement_answer {
	enum settlement_status status;
	uint64_t epoch;
	uint64_t window_us;                      /* no window is shorter */
	uint64_t window_max_us;                  /* nor longer */
	uint64_t route_call_us, route_packet_us; /* prices, see lua/lib/call.lua */
	const char
		*packed; /* settle: doubles by slot; route: 16-bit slots; borrowed from the reply */
	unsigned n_packed; /* elements */
};

void settle_answer(const redisReply *reply, struct settlement_answer *answer);
void route_answer(const redisReply *reply, struct settlement_answer *answer);
double settlement_credit(const struct settlement_answer *answer,
			 unsigned slot); /* 0 beyond the end */
unsigned settlement_choice(const struct settlement_answer *answer, unsigned packet);

#endif
