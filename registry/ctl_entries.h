#ifndef WEIR_REGISTRY_CTL_ENTRIES_H
#define WEIR_REGISTRY_CTL_ENTRIES_H
/*
 * Entries of the streams `dead` and `spill`, for weirctl: read, named by people, shown.
 */
#include "registry/ctl.h"
#include "registry/spill.h"

#define CTL_ENTRIES_CHUNK 16 /* entries read at once: their bodies come along */
#define CTL_AGE_MAX 48

/* Whether all of names (ending with NULL) could name entries: CTL_OK, or a line of complaint. */
enum ctl_exit ctl_entries_check(char *const *names);

/*
 * At most n entries, from one name to another, both included unless "(" stands before; "-" is
 * before the first, "+" behind the last. is_backward: `from` is the later one. The reply is an
 * array of {name, fields}, the caller's to free. 0, CLIENT_E_*, MEMBERSHIP_E_ANSWER, -ENOMEM.
 */
int ctl_entries_read(struct ctl *ctl, enum registry_key stream, bool is_backward, const char *from,
		     const char *to, unsigned n, redisReply **replyp) MUST_CHECK;
int ctl_entries_count(struct ctl *ctl, enum registry_key stream, uint64_t *np) MUST_CHECK;
/* When it was written: ms of Redis TIME. */
uint64_t ctl_entry_ms(const char *name);
int ctl_redis_now_ms(struct ctl *ctl, uint64_t *nowp) MUST_CHECK;
/* "3m 12s" */
void ctl_write_age(uint64_t ms, char out[CTL_AGE_MAX]);
/* UTC: "2026-11-21T17:41:55.123Z" */
void ctl_write_time(uint64_t ms, char *out, size_t size);

/* For CLEANUP. */
static inline void ctl_free_reply(redisReply **replyp)
{
	if (*replyp)
		freeReplyObject(*replyp);
}
#define AUTO_REPLY CLEANUP(ctl_free_reply)

#endif
