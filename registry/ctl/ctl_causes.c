#include "registry/ctl/ctl_causes.h"

#include <stdlib.h>

#include "common/clock.h"
#include "registry/causes.h"

#define UNKNOWN (-1) /* of rates and of spill-max-bytes: nodes know them */

static void write_since(const struct cause *cause, uint64_t now_ms, struct buf *out)
{
	uint64_t seconds;

	if (cause->since_ms == 0 || cause->since_ms > now_ms)
		return;
	seconds = (now_ms - cause->since_ms) / 1000;
	if (seconds < 120)
		buf_printf(out, ", for %llu s", (unsigned long long)seconds);
	else if (seconds < 7200)
		buf_printf(out, ", for %llu min", (unsigned long long)seconds / 60);
	else
		buf_printf(out, ", for %llu h", (unsigned long long)seconds / 3600);
}

static void write_cause(const struct cause *cause, uint64_t now_ms, struct buf *out)
{
	buf_printf(out, "  %-7s %s", cause_level_names[cause->level], cause->text);
	write_since(cause, now_ms, out);
	buf_append_str(out, "\n");
}

void ctl_causes_write(const struct roster *roster, const struct reports *reports,
		      const cJSON *events, struct buf *out)
{
	struct causes *causes = calloc(1, sizeof(*causes));
	char headline[CAUSE_TEXT_SIZE + 64];
	struct causes_figures f = {
		.roster = roster,
		.reports = reports,
		.node = "weirctl",
		.redis = REDIS_UP, /* it could be read */
		.redis_error = "",
		.now_ms = clock_wall_us() / US_PER_MS,
		.spill_max_bytes = UNKNOWN,
		.rate = UNKNOWN,
		.rate_minute = UNKNOWN,
		.rate_hour = UNKNOWN,
		.events = events,
	};

	if (!causes) {
		out->failed = true;
		return;
	}
	causes_find(causes, &f);
	causes_headline(causes, &f, headline, sizeof(headline));
	buf_printf(out, "%s\n", headline);
	for (unsigned i = 0; i < causes->n; i++)
		write_cause(&causes->list[i], f.now_ms, out);
	free(causes);
}
