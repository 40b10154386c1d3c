#include "registry/redis/redis_state.h"

#include <assert.h>
#include <string.h>

#include "common/err.h"

const char *const redis_state_names[] = { "up",      "away",   "refusing_oom", "refusing_readonly",
					  "misconf", "noperm", "noreplicas",   "loading",
					  "busy",    "slow",   "empty",        "older",
					  NULL };
static_assert(ARRAY_LEN(redis_state_names) == REDIS_STATES + 1, "every state has a name");

static const char *const words[] = {
	[REDIS_UP] = "is up",
	[REDIS_AWAY] = "is away",
	[REDIS_REFUSING_OOM] = "refuses to write: it is at maxmemory",
	[REDIS_REFUSING_READONLY] = "refuses to write: it is a read-only replica",
	[REDIS_MISCONF] = "refuses to write: it cannot save to its disk",
	[REDIS_NOPERM] = "refuses this user: rights or the password are wrong",
	[REDIS_NOREPLICAS] = "refuses to write: too few replicas follow it",
	[REDIS_LOADING] = "is loading its data from the disk",
	[REDIS_BUSY] = "is busy: a script has run for too long",
	[REDIS_SLOW] = "is slow",
	[REDIS_EMPTY] = "came back empty",
	[REDIS_OLDER] = "has lost data: it came back with older ones, or keys were deleted",
};
static_assert(ARRAY_LEN(words) == REDIS_STATES, "every state has words");

/* The code that an error reply begins with. */
static const struct {
	const char *code;
	enum redis_state state;
} codes[] = {
	{ "OOM", REDIS_REFUSING_OOM },
	{ "READONLY", REDIS_REFUSING_READONLY },
	{ "MISCONF", REDIS_MISCONF },
	{ "NOPERM", REDIS_NOPERM },
	{ "NOAUTH", REDIS_NOPERM },
	{ "WRONGPASS", REDIS_NOPERM },
	{ "NOREPLICAS", REDIS_NOREPLICAS },
	{ "LOADING", REDIS_LOADING },
	{ "BUSY", REDIS_BUSY },
};

const char *redis_state_words(enum redis_state state)
{
	assert(state < REDIS_STATES);
	return words[state];
}

bool redis_state_takes_writes(enum redis_state state)
{
	return state == REDIS_UP || state == REDIS_SLOW || state == REDIS_EMPTY ||
	       state == REDIS_OLDER;
}

/* The client puts words before the code, and old servers "ERR" or "@user_script: 1: -". */
static bool has_code(const char *error, const char *code)
{
	size_t len = strlen(code);

	for (const char *at = error; (at = strstr(at, code)); at += len)
		if ((at == error || strchr(" -:(", at[-1])) &&
		    (at[len] == ' ' || at[len] == '\0' || at[len] == ':'))
			return true;
	return false;
}

enum redis_state redis_state_of_error(const char *error)
{
	for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
		if (has_code(error, codes[i].code))
			return codes[i].state;
	return REDIS_AWAY;
}
