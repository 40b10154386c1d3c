#include "node/send/failures.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

void failures_init(struct failures *f)
{
	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
}

void failures_deinit(struct failures *f)
{
	pthread_mutex_destroy(&f->lock);
}

void failures_note(struct failures *f, unsigned slot, int status, const char *error)
{
	struct failure *failure = &f->of[slot];

	assert(slot < FAILURES_SLOTS);
	if (pthread_mutex_trylock(&f->lock) != 0)
		return;
	failure->at_ms = clock_wall_us() / US_PER_MS;
	if (status && *error)
		snprintf(failure->text, sizeof(failure->text), "HTTP %d, then: %s", status, error);
	else if (status)
		snprintf(failure->text, sizeof(failure->text), "HTTP %d", status);
	else
		snprintf(failure->text, sizeof(failure->text), "%s",
			 *error ? error : "the connection broke");
	pthread_mutex_unlock(&f->lock);
}

void failures_note_transfer(struct failures *f, unsigned slot, const struct transfer *t)
{
	failures_note(f, slot, t->method && *t->error ? 0 : t->status, t->error);
}

void failures_forget(struct failures *f, unsigned slot)
{
	assert(slot < FAILURES_SLOTS);
	pthread_mutex_lock(&f->lock);
	f->of[slot] = (struct failure){ 0 };
	pthread_mutex_unlock(&f->lock);
}

struct failure failures_of(struct failures *f, unsigned slot)
{
	struct failure failure;

	assert(slot < FAILURES_SLOTS);
	pthread_mutex_lock(&f->lock);
	failure = f->of[slot];
	pthread_mutex_unlock(&f->lock);
	return failure;
}
