#ifndef WEIR_NODE_CHECKS_H
#define WEIR_NODE_CHECKS_H
/*
 * How this node finds each analyzer over time: since when it is in trouble, for how long it was out
 * of reach, how often that changed. Pure: time is a parameter.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/send/failures.h"
#include "registry/roster.h"

struct check {
	char id[ANALYZER_ID_MAX + 1]; /* "": nobody yet */
	bool is_bad;
	uint64_t since_ms;  /* of the present trouble */
	uint64_t change_ms; /* 0: there was none */
	double down_s;
	double flaps; /* fades */
};

struct checks {
	struct check *of; /* by slot; owned */
	unsigned n;
};

void checks_deinit(struct checks *c);

/* What one look finds. */
struct check_look {
	bool is_bad;      /* something is wrong with it */
	bool is_down;     /* no worker reaches it */
	double elapsed_s; /* since the last look */
	uint64_t now_ms;  /* wall clock */
};
/* True: another analyzer had the slot before. */
bool checks_hear(struct checks *c, const struct analyzer *a, const struct check_look *look);
/* Adds {"since_ms","change_ms","checked_ms","down_s","flaps","error_ms","error"} under its id,
 * unless there is nothing to say. checked_ms 0: it was not probed yet. */
void checks_write(const struct checks *c, const struct analyzer *a, const struct failure *failure,
		  uint64_t checked_ms, cJSON *json);

#endif
