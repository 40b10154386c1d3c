#ifndef WEIR_LOADGEN_STATS_H
#define WEIR_LOADGEN_STATS_H
/*
 * What a run counts. Each packet that was sent has one final outcome, retries or not:
 *   sent = accepted + refused + failed        (in packets and in messages, when the run is over)
 * Packets that were due and never sent are no part of it: `n_unsent`, `n_dropped`.
 */
#include "common/metrics/histogram.h"
#include "loadgen/client.h"

#define STATS_STATUSES 600

struct tally {
	uint64_t packets;
	uint64_t messages;
};

struct stats {
	struct tally sent;
	struct tally accepted;                       /* 2xx */
	struct tally refused;                        /* any other answer */
	struct tally failed;                         /* no answer */
	uint64_t n_sent_bytes;                       /* of bodies, each packet once */
	uint64_t refused_by_status[STATS_STATUSES];  /* packets */
	uint64_t failed_by_outcome[CLIENT_OUTCOMES]; /* packets */
	uint64_t n_retries;                          /* attempts after a packet's first */
	uint64_t retried_by_status[STATS_STATUSES];  /* attempts that were not the last one */
	uint64_t retried_by_outcome[CLIENT_OUTCOMES];
	uint64_t n_unsent;            /* packets still in the backlog at the end */
	uint64_t n_dropped;           /* packets dropped since the backlog was full */
	uint64_t max_backlog;         /* packets due and not sent, at the worst */
	uint32_t max_messages;        /* of one packet */
	bool interrupted;             /* ended by a signal before its time */
	uint64_t start_us;            /* monotonic */
	uint64_t end_us;              /* of the last outcome; start_us while there is none */
	struct histogram latency_us;  /* accepted packets: due -> acknowledged */
	struct histogram service_us;  /* accepted packets: first byte written -> acknowledged */
	struct histogram lateness_us; /* first attempts: due -> first byte written */
	struct client_counts connections;
};

void stats_init(struct stats *s, uint64_t now_us);
/* A packet's first attempt begins. */
void stats_add_sent(struct stats *s, uint32_t n_messages, size_t n_bytes);
/* When its first byte went out; once for each packet of which a byte did. */
void stats_add_lateness(struct stats *s, uint64_t due_us, uint64_t first_byte_us);
/* An outcome that is not its last one: it will be sent again. */
void stats_add_retried(struct stats *s, const struct client_result *result);
/* Its final outcome. */
void stats_add_outcome(struct stats *s, uint32_t n_messages, uint64_t due_us,
		       const struct client_result *result);

bool stats_is_accepted(const struct client_result *result);
/* Everything that was due was sent and accepted; what an interrupted run did not send does not
 * count. */
bool stats_all_accepted(const struct stats *s);
/* Seconds from the start to the last outcome; never 0. */
double stats_elapsed_s(const struct stats *s);

#endif
