#ifndef WEIR_ANALYZER_INTAKE_H
#define WEIR_ANALYZER_INTAKE_H
/*
 * What happens to a delivery, all of it or nothing:
 *
 *   body -> split -> dedupe (pending) -> sink -> record -> dedupe (kept), counted -> acknowledged
 *                                          \------\-----> dedupe (forgotten)      -> 503
 *
 * The sink comes before the record, because it may get a packet twice when the record fails, and
 * the record must not. A packet that another thread is just processing is waited for.
 */
#include <stdint.h>

#include "analyzer/config.h"
#include "analyzer/refusal.h"
#include "analyzer/stats.h"
#include "analyzer/worker.h"

struct intake;

/* Negative errno, logged. */
int intake_new(const struct config *config, struct intake **intakep) MUST_CHECK;
void intake_free(struct intake *intake);

/*
 * Processes what is in worker->body. n_expected: packets in the batch, 0: the body is one packet.
 * REFUSED_NOT: *batch says what was processed (but not how long it took), and nothing is counted
 * yet.
 */
enum refusal intake_take(struct intake *intake, struct worker *worker, uint64_t n_expected,
			 struct stats_batch *batch) MUST_CHECK;
/* The same with packets that were split. *batch: of zeros, but for what the caller knows. */
enum refusal intake_take_packets(struct intake *intake, struct worker *worker,
				 struct packets *packets, struct stats_batch *batch) MUST_CHECK;
/* Why packets that cannot be split are refused: PACKETS_E_*, 0 or -ENOMEM. */
enum refusal intake_why(int packets_error);

#endif
