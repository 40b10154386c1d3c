#include "node/packet/suspicion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define WAIT_BASE_US US_PER_S
#define WAIT_CAP_US (30 * US_PER_S)
#define ALONE_AFTER 2 /* failures that were neither broken nor timed out */

struct suspicion {
	unsigned n_failures;
	unsigned n_broken;        /* of these, connections that broke, */
	unsigned n_elsewhere;     /* and at other nodes, which do not say of what kind */
	enum suspicion_kind kind; /* of the last failure, as all of these */
	int status;
	bool was_alone;
	bool goes_alone;
	char analyzer[ANALYZER_ID_MAX + 1];
	size_t said_len;
	char said[PACKET_QUOTE_BYTES];
};

static struct suspicion *get(struct packet *p)
{
	if (!p->suspicion)
		p->suspicion = calloc(1, sizeof(*p->suspicion));
	return p->suspicion;
}

void suspicion_count(struct packet *p, const struct suspicion_failure *failure)
{
	struct suspicion *s = get(p);

	assert(failure->kind < SUSPICION_KINDS);
	if (!s)
		return;
	s->n_failures++;
	s->n_broken += failure->kind == SUSPICION_BROKEN;
	s->kind = failure->kind;
	s->status = failure->status;
	s->was_alone = failure->was_alone;
	s->goes_alone |= failure->kind != SUSPICION_STATUS || s->n_failures >= ALONE_AFTER;
	snprintf(s->analyzer, sizeof(s->analyzer), "%s", failure->analyzer);
}

void suspicion_quote(struct packet *p, const char *analyzer, const char *said, size_t len)
{
	struct suspicion *s = len || p->suspicion ? get(p) : NULL;

	if (!s)
		return;
	snprintf(s->analyzer, sizeof(s->analyzer), "%s", analyzer);
	s->said_len = len < sizeof(s->said) ? len : sizeof(s->said);
	if (s->said_len)
		memcpy(s->said, said, s->said_len);
}

void suspicion_restore(struct packet *p, unsigned n_failures)
{
	struct suspicion *s = n_failures ? get(p) : NULL;

	if (!s)
		return;
	*s = (struct suspicion){ .n_failures = n_failures,
				 .n_elsewhere = n_failures,
				 .kind = SUSPICION_TIMEOUT, /* not known */
				 .was_alone = true,
				 .goes_alone = true };
	p->n_attempts = n_failures;
}

unsigned suspicion_n_failures(const struct packet *p)
{
	return p->suspicion ? p->suspicion->n_failures : 0;
}

bool suspicion_goes_alone(const struct packet *p)
{
	return p->suspicion && p->suspicion->goes_alone;
}

bool suspicion_is_suspect(const struct packet *p)
{
	return suspicion_n_failures(p) >= SUSPICION_SUSPECT && p->suspicion->was_alone;
}

uint64_t suspicion_wait_us(const struct packet *p)
{
	unsigned n = suspicion_n_failures(p) - SUSPICION_SUSPECT;

	assert(suspicion_is_suspect(p));
	return n < 5 ? WAIT_BASE_US << n : WAIT_CAP_US;
}

bool suspicion_is_over(const struct packet *p)
{
	const struct suspicion *s = p->suspicion;

	if (!suspicion_is_suspect(p))
		return false;
	if (s->n_failures >= SUSPICION_MAX_FAILURES)
		return true;
	/* Where one has broken here, those elsewhere may have been of that kind, too. */
	return s->n_broken > 0 && s->n_broken + s->n_elsewhere >= SUSPICION_MAX_BROKEN;
}

const char *suspicion_analyzer(const struct packet *p)
{
	return p->suspicion ? p->suspicion->analyzer : "";
}

const char *suspicion_said(const struct packet *p, size_t *lenp)
{
	*lenp = p->suspicion ? p->suspicion->said_len : 0;
	return p->suspicion ? p->suspicion->said : "";
}

void suspicion_write_reason(const struct packet *p, char out[SUSPICION_REASON_SIZE])
{
	static const char *const ends[SUSPICION_KINDS] = { "the connection broke",
							   "no answer in time", NULL };
	const struct suspicion *s = p->suspicion;
	int n;

	assert(s && s->n_failures);
	n = snprintf(out, SUSPICION_REASON_SIZE, "poison: %u attempts, last ", s->n_failures);
	if (ends[s->kind])
		snprintf(out + n, SUSPICION_REASON_SIZE - (size_t)n, "%s", ends[s->kind]);
	else
		snprintf(out + n, SUSPICION_REASON_SIZE - (size_t)n, "status %d", s->status);
}
