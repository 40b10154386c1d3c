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

/* A delivery with these bytes is here: plays the faults. */
enum refusal ingest_play(const struct ingest *ingest, struct worker *worker, const char *data,
			 size_t len) MUST_CHECK;
/* Who delivers, as the request says. */
void ingest_set_origin(const struct ingest *ingest, struct worker *worker,
		       const struct front_request *rq);
/* Answers with the refusal, counts and logs it. Returns its status. */
int ingest_refuse(const struct ingest *ingest, struct front_request *rq, enum refusal reason);
/* Takes the body of the request. Returns the status that was answered. */
int ingest_serve(const struct ingest *ingest, struct worker *worker, struct front_request *rq);

#endif
