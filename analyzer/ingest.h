#ifndef WEIR_ANALYZER_INGEST_H
#define WEIR_ANALYZER_INGEST_H
/*
 * POST /ingest: reads the body, plays the faults, takes the packets in, answers.
 */
#include "analyzer/body_watch.h"
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
	struct body_watch *bodies; /* borrowed */
};

/* Returns the status that was answered. May set rq->close. */
int ingest_serve(const struct ingest *ingest, struct worker *worker, struct request *rq);

#endif
