#ifndef WEIR_ANALYZER_INGEST_H
#define WEIR_ANALYZER_INGEST_H
/*
 * POST /ingest and /analyze: plays the faults, takes the packets in, answers.
 */
#include "analyzer/config.h"
#include "analyzer/fault.h"
#include "analyzer/intake.h"
#include "analyzer/reply.h"
#include "analyzer/stats.h"
#include "analyzer/worker.h"

struct ingest {
	const struct config *config;
	struct intake *intake;
	struct stats *stats;
	struct faults *faults;
	struct sinks *sinks; /* NULL: there is none */
};

/* Takes the body of the request. Returns the status that was answered. */
int ingest_serve(const struct ingest *ingest, struct worker *worker, struct front_request *rq);

#endif
