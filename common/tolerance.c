#include "common/tolerance.h"

#include <math.h>

/* So that what is exactly at the tolerance is within it. */
#define ROUNDING 1e-9

struct deviation tolerance_judge(const struct tolerance *t, double share, double routed,
				 double total)
{
	struct deviation d = { 0, 0, true };

	if (total > 0) {
		d.messages = routed - share * total;
		d.percent = 100 * d.messages / total;
		d.is_within = fabs(d.percent) <= t->percent + ROUNDING ||
			      fabs(d.messages) <= TOLERANCE_PACKETS * t->packet_messages + ROUNDING;
	}
	return d;
}
