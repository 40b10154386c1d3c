/*
 * Which format a scraper wants, by its Accept (RFC 9110, 12.5.1).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/metrics/metrics.h"

#define OPEN_TYPE "application/openmetrics-text"
#define CLASSIC_TYPE "text/plain"

/* The next of what `separator` divides, without the blanks around it; *textp moves behind it. */
static const char *next_part(const char **textp, char separator, const char *end, size_t *lenp)
{
	const char *part = *textp + strspn(*textp, " \t"), *stop;

	stop = memchr(part, separator, part < end ? (size_t)(end - part) : 0);
	stop = stop ? stop : end;
	*textp = stop < end ? stop + 1 : end;
	while (stop > part && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	*lenp = stop > part ? (size_t)(stop - part) : 0;
	return part;
}

static bool is_word(const char *part, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(part, word, len) == 0;
}

/* Its weight; 0: not `type`, or a version of OpenMetrics that is not written here. */
static double weight_of(const char *range, size_t range_len, const char *type)
{
	const char *end = range + range_len;
	double weight = 1;
	size_t len;
	const char *part = next_part(&range, ';', end, &len);

	if (!is_word(part, len, type))
		return 0;
	while (range < end) {
		part = next_part(&range, ';', end, &len);
		if (len > 2 && strncasecmp(part, "q=", 2) == 0)
			weight = strtod(part + 2, NULL);
		else if (strcmp(type, OPEN_TYPE) == 0 && len > 8 &&
			 strncasecmp(part, "version=", 8) == 0 &&
			 !is_word(part + 8, len - 8, "1.0.0") &&
			 !is_word(part + 8, len - 8, "\"1.0.0\""))
			return 0;
	}
	return weight;
}

enum metrics_format metrics_format_for(const char *accept)
{
	const char *end = accept ? accept + strlen(accept) : NULL;
	double open = 0, classic = 0;

	while (accept && accept < end) {
		size_t len;
		const char *range = next_part(&accept, ',', end, &len);
		double q_open = weight_of(range, len, OPEN_TYPE);
		double q_classic = weight_of(range, len, CLASSIC_TYPE);

		open = q_open > open ? q_open : open;
		classic = q_classic > classic ? q_classic : classic;
	}
	return open > 0 && open >= classic ? METRICS_OPEN : METRICS_CLASSIC;
}
