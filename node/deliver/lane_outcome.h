#ifndef WEIR_NODE_LANE_OUTCOME_H
#define WEIR_NODE_LANE_OUTCOME_H
/*
 * What becomes of a lane's batches.
 */
#include "node/deliver/lane_queue.h"
#include "node/deliver/results.h"

/* The sender's on_done of a batch. */
void lane_on_done(struct transfer *t);
/* A status may have come, but the rest of its answer was waited for until the time limit. */
bool lane_ran_out_of_time(const struct transfer *t);
/* Takes the packets out of the batch; the owner of the lane gets them back. */
void lane_take_back(struct batch *b, enum reroute_reason reason);
/* The fate of a packet that was not delivered, by the status of its result. */
void lane_decide(struct lane *lane, struct packet *p, const struct result *result);
/* What the answer to a request says of the messages of its one packet. As the next one. */
enum delivery_outcome lane_take_answer(struct lane *lane, struct batch *b);
/* What its answer says of single packets. Those left in the batch have the outcome that is returned. */
enum delivery_outcome lane_take_results(struct lane *lane, struct batch *b);
/* Nothing is sent for as long as its answer says, or for a second; not for one of a former instance. */
void lane_pause_for(const struct batch *b);
/* The breaker has changed its state: log and metrics say so, and the owner knows whether it can take. */
void lane_note_breaker(struct lane *lane, const char *why);

#endif
