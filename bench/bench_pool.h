#ifndef WEIR_BENCH_POOL_H
#define WEIR_BENCH_POOL_H
/*
 * A pool of analyzers in a real Redis that nobody delivers to, and what that Redis has done so far.
 */
#include "registry/keys.h"
#include "registry/membership.h"

struct bench_pool {
	struct redis_url url;
	struct registry_keys keys;
	struct client *client;
	struct roster *roster;
};

/* A pool of that name; what was in it before is gone. Says on stderr what fails. */
int bench_pool_open(struct bench_pool *pool, const char *redis, const char *name,
		    unsigned n_analyzers) MUST_CHECK;
void bench_pool_close(struct bench_pool *pool);
/* The roster as it is now. */
int bench_pool_refresh(struct bench_pool *pool) MUST_CHECK;

struct redis_usage {
	double calls;     /* of scripts */
	double script_us; /* spent in them */
	double cpu_us;    /* of the process */
};
int bench_pool_usage(struct bench_pool *pool, struct redis_usage *usage) MUST_CHECK;

#endif
