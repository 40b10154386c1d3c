#ifndef WEIR_REGISTRY_ENTRIES_H
#define WEIR_REGISTRY_ENTRIES_H
/*
 * Entries of the streams `dead` and `spill`, for people: read, named, shown. Bodies stay in Redis
 * unless they are asked for, so that a list of large packets is as cheap as one of small ones.
 */
#include <cjson/cJSON.h>

#include "registry/keys.h"
#include "registry/redis/client.h"
#include "registry/spill.h"

#define ENTRIES_CHUNK 16    /* entries read, replayed or deleted at once */
#define ENTRY_TEXT_MAX 2048 /* the answer of an analyzer: 300 bytes, each as up to six */

/* One of the two, and how to reach it; all is borrowed. Functions return 0, CLIENT_E_*,
 * ENTRIES_E_ANSWER or a negative errno. */
struct entries {
	struct client *client;
	const struct registry_keys *keys;
	enum registry_key stream; /* KEY_DEAD, KEY_SPILL */
};

#define ENTRIES_E_ANSWER 3 /* an answer that Redis does not give */

/* "1763730000000-0" */
bool entry_is_name(const char *text);
/* When it was written: ms of Redis TIME. */
uint64_t entry_ms(const char *name);
/* UTC: "2026-11-21T17:41:55.123Z" */
void entry_write_time(uint64_t ms, char *out, size_t size);

/* Both ends are included unless "(" stands before; "-" is before the first, "+" behind the last.
 * is_backward: `from` is the later one. */
struct entries_range {
	bool is_backward;
	const char *from, *to;
	unsigned n;          /* at most */
	uint64_t body_bytes; /* of each body; 0: none */
};
/* Maybe fewer than there are, none only where there are none: {name, fields} each. The caller's to
 * free. */
int entries_read(const struct entries *e, const struct entries_range *range,
		 redisReply **replyp) MUST_CHECK;
int entries_count(const struct entries *e, uint64_t *np) MUST_CHECK;
int entries_now_ms(const struct entries *e, uint64_t *nowp) MUST_CHECK;

/* What there is to know of an entry, but for its body, in the order in which it is shown. */
enum entry_kind { ENTRY_NAME, ENTRY_WRITTEN, ENTRY_TEXT, ENTRY_COUNT, ENTRY_TIME };
struct entry_field {
	bool of_dead, of_spill; /* which streams have it */
	enum entry_kind kind;
	const char *json;    /* its name for programs */
	const char *heading; /* in tables (ctl_table.h); NULL: not there */
	const char *field;   /* in the stream; NULL: its name */
	const char *absent;  /* what it is where the stream does not have it; NULL: nothing */
};
/* The i-th that a stream has; NULL: there are no more. */
const struct entry_field *entry_field_at(enum registry_key stream, size_t i);
/* Fit for a terminal and for JSON; "" if the entry does not have it. */
void entry_write(const struct entry_field *field, const redisReply *entry, char *out, size_t size);
/* All of these. NULL: out of memory. */
cJSON *entry_json(enum registry_key stream, const redisReply *entry);
/* As it was read: NULL, there is none. */
const redisReply *entry_body(const redisReply *entry);
/* A field as it is in the stream; NULL: it is not there. */
const redisReply *entry_value(const redisReply *entry, const char *field);

/* For CLEANUP. */
static inline void entries_free_reply(redisReply **replyp)
{
	if (*replyp)
		freeReplyObject(*replyp);
}
#define AUTO_REPLY CLEANUP(entries_free_reply)

#endif
