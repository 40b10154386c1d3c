#ifndef WEIR_REGISTRY_CAUSES_H
#define WEIR_REGISTRY_CAUSES_H
/*
 * What is wrong in a pool: figures go in, one line for each cause comes out. Every tool that gives
 * a verdict takes it from here. Pure: time is a parameter.
 *
 *   roster, reports, Redis' state, rates --> causes_find --> causes, the worst first --> headline
 *
 * A symptom whose cause is in the list is left out: shares are off because an analyzer is away.
 */
#include "registry/redis/redis_state.h"
#include "registry/reports.h"

#define CAUSES_MOST 64
#define CAUSE_IDS_SIZE 200
#define CAUSE_TEXT_SIZE 480

enum cause_level { CAUSE_OK, CAUSE_NOTE, CAUSE_WARN, CAUSE_TROUBLE, CAUSE_LEVELS };

enum cause_kind {
	CAUSE_REDIS,
	CAUSE_NO_NODE,
	CAUSE_NO_ANALYZER,
	CAUSE_LOST,        /* an analyzer's lease ran out */
	CAUSE_UNREACHABLE, /* no node reaches it */
	CAUSE_HANGS,
	CAUSE_CUT_OFF, /* some nodes do not reach it */
	CAUSE_ERRS,
	CAUSE_FLAPS,
	CAUSE_PAUSES,
	CAUSE_SLOW,
	CAUSE_REFUSING, /* agents get 503 */
	CAUSE_SPILL_FULL,
	CAUSE_SPILL_GROWS,
	CAUSE_SPILL,
	CAUSE_DEAD_LETTERS,
	CAUSE_NODE_LOST,
	CAUSE_NODE_AWAY,
	CAUSE_MEMORY,
	CAUSE_AGENTS_WAIT,
	CAUSE_AGENTS_WRONG, /* agents get 4xx */
	CAUSE_RATE_FELL,
	CAUSE_SHARE_OFF,
	CAUSE_LEFT_OUT,
	CAUSE_FAULT,
	CAUSE_OUT_OF_SERVICE, /* drained or disabled */
	CAUSE_KINDS
};
extern const char *const cause_kind_names[CAUSE_KINDS];
extern const char *const cause_level_names[CAUSE_LEVELS];

struct cause {
	enum cause_kind kind;
	enum cause_level level;
	char key[ANALYZER_ID_MAX + 1]; /* whom it is about, or why; "": the pool */
	char nodes[CAUSE_IDS_SIZE];    /* whose view it is, separated by spaces; "": of all */
	uint64_t since_ms;             /* wall clock; 0: not known here */
	char text[CAUSE_TEXT_SIZE];    /* a sentence without its time */
	char error[REDIS_ERROR_SIZE];  /* the last error's text or status; "": none */
	double figure;                 /* p99 in ms of CAUSE_SLOW, percent of CAUSE_ERRS; else 0 */
};

struct causes {
	struct cause list[CAUSES_MOST]; /* the worst first once found */
	unsigned n;
	unsigned n_left_out; /* that had no room */
};

struct causes_figures {
	const struct roster *roster;
	const struct reports *reports;
	const char *node; /* whose view it is */
	bool is_own;      /* the figures are that node's alone */
	bool is_outside;  /* it is no node: weirctl looks into Redis */
	enum redis_state redis;
	uint64_t redis_since_ms;
	const char *redis_error;
	uint64_t now_ms;        /* Redis TIME, or the wall clock where it is away */
	double spill_max_bytes; /* 0: there is no spill; negative: not known */
	double spill_bytes_per_s;
	/* messages a second, now, a minute and an hour ago; negative: not known */
	double rate, rate_minute, rate_hour;
	/* by analyzer of the roster: messages beyond its share in the last minute, 0 where that is
	 * how packets happen to fall. NULL: not known */
	const double *off;
	const cJSON *events; /* of the journal, the oldest first; NULL: not known */
};

void causes_find(struct causes *causes, const struct causes_figures *f);
/* The level of the worst. */
enum cause_level causes_level(const struct causes *causes);
/* One sentence on the whole. */
void causes_headline(const struct causes *causes, const struct causes_figures *f, char *out,
		     size_t size);
const char *cause_remedy(const struct cause *cause);
/* The heading in docs/runbook.md. */
const char *cause_runbook(const struct cause *cause);
/* {"level","headline","causes":[...]}; the caller's to delete, NULL: out of memory. */
cJSON *causes_json(const struct causes *causes, const struct causes_figures *f);

/* For the files that find them: a new one, or NULL where there is no room. One of a lower level
 * makes room, so a pointer is good until the next is added. */
struct cause *causes_add(struct causes *causes, enum cause_kind kind, enum cause_level level,
			 const char *key, uint64_t since_ms);
void cause_say(struct cause *cause, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool causes_have(const struct causes *causes, enum cause_kind kind, const char *key);
void causes_find_analyzers(struct causes *causes, const struct causes_figures *f);
void causes_find_pool(struct causes *causes, const struct causes_figures *f);

#endif
