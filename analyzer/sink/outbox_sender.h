#ifndef WEIR_ANALYZER_OUTBOX_SENDER_H
#define WEIR_ANALYZER_OUTBOX_SENDER_H
/*
 * The thread that sends what is in the outbox, in its order:
 *
 *   put -> [ waiting | sent, held for hold_ms ] -> removed
 *              ^------------ the connection ended, or a datagram found nobody
 *
 * A receiver that is killed takes along what it had not read. So a message stays for a while after it went
 * out, and goes out again if the connection does not last that long. It may then arrive twice.
 *
 * Messages go out in batches, which are as large as the receiver takes within a part of the time limit.
 */
#include "analyzer/sink/sink_kind.h"

struct outbox_sender;

/* Borrows all. Negative errno, logged. */
int outbox_sender_start(const struct sink_options *options, const struct carrier_ops *ops,
			struct sink_counters *counters, struct outbox_sender **senderp) MUST_CHECK;
/* Waits until nothing is in the outbox, for at most this long. Then nothing is sent any more. */
void outbox_sender_drain(struct outbox_sender *sender, uint64_t timeout_ms);
/* The rest stays on disk. */
void outbox_sender_stop(struct outbox_sender *sender);

/* Any thread. 0, SINK_E_FULL, SINK_E_AWAY (the disk failed, which is logged). */
int outbox_sender_put(struct outbox_sender *sender, const struct items *items) MUST_CHECK;

#endif
