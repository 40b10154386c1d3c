#include "bench/deviation.h"

#include <math.h>

void deviation_count(struct deviation *d, unsigned slot, unsigned n_messages)
{
	d->routed[slot] += n_messages;
	d->messages += n_messages;
	d->packets++;
}

void deviation_look(struct deviation *d, const struct roster *roster)
{
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];
		double off = fabs(d->routed[a->slot] - a->share * d->messages);

		d->worst = fmax(d->worst, off);
		d->sum += off;
		d->n++;
	}
}

void deviation_forget(struct deviation *d)
{
	d->worst = d->sum = d->n = 0;
}

double deviation_mean(const struct deviation *d)
{
	return d->n > 0 ? d->sum / d->n : 0;
}
