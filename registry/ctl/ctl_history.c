#include "registry/ctl/ctl_history.h"

#include <string.h>

#include "common/clock.h"

static void forget(struct ctl_history *h, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		roster_unref(h->samples[i].roster);
	h->n -= n;
	memmove(h->samples, h->samples + n, h->n * sizeof(*h->samples));
}

void ctl_history_push(struct ctl_history *h, struct roster *roster, uint64_t us)
{
	unsigned n_old = 0;

	while (n_old < h->n && us - h->samples[n_old].us > CTL_HISTORY_KEEP_S * US_PER_S)
		n_old++;
	if (n_old == 0 && h->n == CTL_HISTORY)
		n_old = 1;
	forget(h, n_old);
	h->samples[h->n++] = (struct ctl_sample){ roster, us };
}

const struct ctl_sample *ctl_history_now(const struct ctl_history *h)
{
	return h->n ? &h->samples[h->n - 1] : NULL;
}

const struct ctl_sample *ctl_history_before(const struct ctl_history *h, uint64_t age_us)
{
	for (unsigned i = h->n; i-- > 0;)
		if (h->samples[h->n - 1].us - h->samples[i].us >= age_us)
			return &h->samples[i];
	return h->n ? &h->samples[0] : NULL;
}

void ctl_history_deinit(struct ctl_history *h)
{
	forget(h, h->n);
}
