#ifndef WEIR_REGISTRY_SCRIPTS_H
#define WEIR_REGISTRY_SCRIPTS_H
/*
 * The Lua scripts of lua/, embedded with their SHA1 by cmake/embed_lua.cmake, and how a call of one
 * is written for Redis. The header of each script in lua/ is its documentation.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/buf.h"
#include "registry/keys.h"

enum script_id {
	SCRIPT_REGISTER,
	SCRIPT_RENEW,
	SCRIPT_DEREGISTER,
	SCRIPT_SET,
	SCRIPT_ROUTE,
	SCRIPT_SETTLE,
	SCRIPT_ROSTER,
	SCRIPT_STATUS,
	SCRIPT_SPILL_PUSH,
	SCRIPT_SPILL_TAKE,
	SCRIPT_SPILL_DONE,
	SCRIPT_BURY,
	SCRIPT_REPLAY,
	SCRIPT_ENTRIES,
	SCRIPTS
};

struct script {
	const char *name;
	const char *sha1; /* 40 hex digits */
	const char *text;
	size_t len;
	unsigned n_keys;
	const enum registry_key *keys;
};
extern const struct script scripts[SCRIPTS];

#define SCRIPT_MAX_ARGS 16

/* ARGV of a call; each is borrowed until the call is formatted. */
struct script_args {
	unsigned n;
	const char *data[SCRIPT_MAX_ARGS];
	size_t len[SCRIPT_MAX_ARGS];
	char numbers[SCRIPT_MAX_ARGS][32]; /* where script_arg_int and _double write */
	unsigned n_more;
	const struct iovec *more; /* further ones, behind these; borrowed as they are */
};

void script_arg(struct script_args *args, const void *data, size_t len);
void script_arg_str(struct script_args *args, const char *text);
void script_arg_int(struct script_args *args, int64_t value);
void script_arg_double(struct script_args *args,
		       double value); /* as people write it; reads back the same */

/* Appends EVALSHA with keys and args in the protocol of Redis. Check out->failed. */
void script_format(struct buf *out, enum script_id id, const struct registry_keys *keys,
		   const struct script_args *args);
/* Appends SCRIPT LOAD. */
void script_format_load(struct buf *out, enum script_id id);
/* Is an error reply of that kind, "READONLY"? Before Redis 7 that of a script has it inside. */
bool script_error_is(const char *error, const char *kind);
/* Appends any command of n words. */
void command_format(struct buf *out, unsigned n, const char *const *words);

#endif
