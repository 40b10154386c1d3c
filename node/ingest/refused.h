#ifndef WEIR_NODE_REFUSED_H
#define WEIR_NODE_REFUSED_H
/*
 * Which agents are refused, with what, and how often: the most frequent of one worker, in bounded
 * memory. Agents drop what gets a 4xx and often say so nowhere, so the node must.
 *
 * The worker alone writes. Any thread reads, and takes no lock: each entry has a number that is odd
 * while it is written, and differs afterwards.
 */
#include <stdatomic.h>

#include "common/net/net.h"
#include "node/http/refusal.h"

#define REFUSED_MOST 32 /* entries of a worker */
#define REFUSED_PATH 64 /* bytes of a path, with its NUL; a longer one is cut */
#define REFUSED_CLIENT 48
#define REFUSED_TOKEN 40                /* bytes of a token's name, with its NUL */
#define REFUSED_FORGET_US 3600000000ull /* an entry of that age makes room, and is told no more */

struct refused_request {
	enum http_method method;
	enum refusal refusal;
	char path[REFUSED_PATH]; /* printable; "": it was not understood */
	char client[REFUSED_CLIENT];
	char token[REFUSED_TOKEN]; /* the name of the one that it gave; "": none was right */
	uint64_t count, last_us;
};

#define REFUSED_WORDS (sizeof(struct refused_request) / sizeof(uint64_t))
static_assert(sizeof(struct refused_request) % sizeof(uint64_t) == 0, "it is copied by words");

struct refused {
	struct refused_request own[REFUSED_MOST]; /* the worker's */
	unsigned n;
	struct {
		_Atomic uint64_t number;
		_Atomic uint64_t words[REFUSED_WORDS];
	} shown[REFUSED_MOST];
};

/* Whose request it is. */
struct refused_who {
	const struct net_addr *client; /* its port is left out */
	const char *token;             /* the name; NULL: none was right */
	enum http_method method;
};

void refused_note(struct refused *r, const struct refused_who *who, struct http_slice path,
		  enum refusal refusal, uint64_t now_us);
/* From any thread: copies of those that are not forgotten. Returns how many. */
unsigned refused_read(const struct refused *r, uint64_t now_us,
		      struct refused_request out[REFUSED_MOST]);
/* What to change: one sentence, static. */
const char *refused_advice(enum refusal refusal);

#endif
