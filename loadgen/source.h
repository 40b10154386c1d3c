#ifndef WEIR_LOADGEN_SOURCE_H
#define WEIR_LOADGEN_SOURCE_H
/*
 * Where the messages of packets come from. A writer (loadgen/writer.h) knows how a packet looks. In
 * JSON it is
 *   {"id":"<unique>","source":"weir-loadgen","messages":[...]}
 *
 *   synthetic  {"ts":<ms>,"msg":"<words>"}, about --bytes each
 *   replay     {"message":"<a line>"}
 */
#include "common/buf.h"
#include "loadgen/sizes.h"
#include "loadgen/writer.h"

#define SOURCE_E_END 1   /* no more packets */
#define SOURCE_E_LATER 2 /* no packet yet: a pipe without data */

struct source {
	const struct source_ops *ops;
	struct sizes sizes;
	struct rng rng;
	uint64_t at_most; /* messages of the next packet; 0: as many as are drawn */
};

struct source_ops {
	const char *name;
	/* The next message; SOURCE_E_* or negative: there is none. */
	int (*next)(struct source *source, struct message *m);
	void (*free)(struct source *source);
};

/* *sourcep is the caller's. Equal seeds (not 0) give equal packets. */
int source_new_synthetic(struct source **sourcep, const struct sizes *sizes, uint64_t seed,
			 size_t message_bytes) MUST_CHECK;
/* Negative errno where the file cannot be opened. */
int source_new_replay(struct source **sourcep, const struct sizes *sizes, uint64_t seed,
		      const char *path) MUST_CHECK;
struct source *source_free(struct source *source);
DEFINE_CLEANUP(struct source, source_free)

/*
 * One packet into `out`, which is cleared. `id` must need no escaping. A packet that a source runs
 * dry in has the messages that were there.
 */
int source_write_packet(struct source *source, const struct writer *writer, struct writing *writing,
			const char *id, uint64_t ts_ms, struct buf *out,
			uint32_t *n_messagesp) MUST_CHECK;

#endif
