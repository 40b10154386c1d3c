#ifndef WEIR_REGISTRY_REDIS_STATE_H
#define WEIR_REGISTRY_REDIS_STATE_H
/*
 * How Redis is, in one word that every tool uses: the page, weirctl, readyz?verbose, metrics and
 * refusals. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

enum redis_state {
	REDIS_UP,
	REDIS_AWAY,              /* no connection, or no answer in time */
	REDIS_REFUSING_OOM,      /* it is at maxmemory: reads work, writes do not */
	REDIS_REFUSING_READONLY, /* a replica answers */
	REDIS_MISCONF,           /* it cannot save to its disk, and refuses writes */
	REDIS_NOPERM,            /* the user lacks rights, or the password is wrong */
	REDIS_NOREPLICAS,        /* too few replicas follow: min-replicas-to-write */
	REDIS_LOADING,           /* it reads its data from the disk */
	REDIS_BUSY,              /* a script runs for too long */
	REDIS_SLOW,              /* it answers late */
	REDIS_EMPTY,             /* it came back without data a moment ago */
	REDIS_OLDER, /* it lost data a moment ago: an older copy came back, or keys are gone */
	REDIS_STATES
};

#define REDIS_ERROR_SIZE 128

/* As a label, and in JSON. NULL-terminated. */
extern const char *const redis_state_names[REDIS_STATES + 1];
/* "refuses to write: it is at maxmemory": the rest of a sentence that begins with Redis. */
const char *redis_state_words(enum redis_state state);
/* Whether calls that write succeed in it. */
bool redis_state_takes_writes(enum redis_state state);
/* What an error reply, or the reason of a lost connection, says. */
enum redis_state redis_state_of_error(const char *error);

#endif
