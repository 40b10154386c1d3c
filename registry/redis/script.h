#ifndef WEIR_REGISTRY_SCRIPT_H
#define WEIR_REGISTRY_SCRIPT_H
/*
 * How a call of a Lua script, or any command, is written for Redis. Which scripts and keys there
 * are is handed in: a connection is made with a set of scripts, and loads all of them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/buf.h"

#define KEY_NAME_MAX 128 /* bytes of a key's name, with its NUL */

struct script {
	const char *name;
	const char *sha1; /* 40 hex digits */
	const char *text;
	size_t len;
	unsigned n_keys;
	const unsigned *keys; /* indexes into script_set.keys */
};

/* Small, and kept by value; what it points to is borrowed for as long as the connection lives. */
struct script_set {
	const struct script *scripts; /* the id of a script is its index */
	unsigned n_scripts;
	const char (*keys)[KEY_NAME_MAX]; /* the names of the keys that they are called with */
	const char *channel;              /* where events are published */
};

#define SCRIPT_MAX_ARGS 16

/* ARGV of a call; each is borrowed until the call is formatted. */
struct script_args {
	unsigned n;
	const char *data[SCRIPT_MAX_ARGS];
	size_t len[SCRIPT_MAX_ARGS];
	char numbers[SCRIPT_MAX_ARGS][32]; /* where script_arg_int and _double write */
	unsigned n_more;
	const struct iovec *more; /* further ones, behind these; borrowed as they are */
	bool is_sent_once; /* run a second time it would answer that there was nothing to do */
};

void script_arg(struct script_args *args, const void *data, size_t len);
void script_arg_str(struct script_args *args, const char *text);
void script_arg_int(struct script_args *args, int64_t value);
void script_arg_double(struct script_args *args,
		       double value); /* as people write it; reads back the same */

/* Appends EVALSHA of script `id` with keys and args in the protocol of Redis. Check out->failed. */
void script_format(struct buf *out, const struct script_set *set, unsigned id,
		   const struct script_args *args);
/* Appends SCRIPT LOAD. */
void script_format_load(struct buf *out, const struct script *script);
/* Is an error reply of that kind, "READONLY"? Before Redis 7 that of a script has it inside. */
bool script_error_is(const char *error, const char *kind);
/* Appends any command of n words. */
void command_format(struct buf *out, unsigned n, const char *const *words);

#endif
