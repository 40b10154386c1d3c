#ifndef WEIR_ANALYZER_MESSAGE_TIME_H
#define WEIR_ANALYZER_MESSAGE_TIME_H
/*
 * The times that log messages carry, as nanoseconds since 1970. Pure: "now" is a parameter.
 *
 *   1764378000   1764378000.25   1764378000250 (ms)   …000 (us)   …000000 (ns), also as strings
 *   2026-11-29T01:00:00.25Z, with a blank for T, a comma for the point, +01:00, +0100, or no zone (UTC)
 *   Nov 29 01:00:00, as RFC 3164 has it: of the year that is nearest to now, in UTC
 *
 * A number before 1973 is a duration or a counter, and no time. Nor is one after 2262, whose nanoseconds
 * do not fit.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define MESSAGE_TIME_E_NONE 1

int message_time_read(const char *text, size_t len, uint64_t now_ns, uint64_t *nsp) MUST_CHECK;
/* "2026-11-29T01:00:00.25Z"; the fraction is as long as it must be. */
#define MESSAGE_TIME_STRLEN 40
void message_time_write(uint64_t ns, char out[MESSAGE_TIME_STRLEN]);

#endif
