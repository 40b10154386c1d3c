#ifndef WEIR_ANALYZER_MESSAGE_LEVEL_H
#define WEIR_ANALYZER_MESSAGE_LEVEL_H
/*
 * The severities that log messages carry, as those of syslog: 0 emergency to 7 debug. Pure.
 *
 *   names       emerg, panic, alert, crit, fatal, error, warn, notice, info, debug, trace and their kin
 *   0 to 7      syslog's own
 *   10 to 60    of pino and bunyan: below 30 debug, 30 info, 40 warning, 50 error, 60 critical
 *   1 to 24     of OTLP, in a field that is called severityNumber: 1-8 debug, 9-12 info, 13-16 warning,
 *               17-20 error, 21-24 critical
 *   0 to 191    a priority of syslog, in a field that is called priority or pri: facility * 8 + severity
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define MESSAGE_LEVEL_INFO 6
#define MESSAGE_LEVELS 8
#define MESSAGE_LEVEL_E_NONE 1

enum message_scale { MESSAGE_SCALE_ANY, MESSAGE_SCALE_OTLP, MESSAGE_SCALE_PRIORITY };

/* `text`: a word, or a number in decimals. */
int message_level_read(enum message_scale scale, const char *text, size_t len,
		       int *levelp) MUST_CHECK;

/* By level: "emergency" … "debug", and OTLP's severityNumber. */
extern const char *const message_level_names[MESSAGE_LEVELS];
extern const int message_level_otlp[MESSAGE_LEVELS];

#endif
