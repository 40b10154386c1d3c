#ifndef WEIR_COMMON_CONF_AMOUNT_H
#define WEIR_COMMON_CONF_AMOUNT_H
/* Numbers with a unit, and bounds of any number. */
#include "common/conf/conf_option.h"
#include "common/err.h"

#define CONF_WHY_STRLEN 128
#define CONF_AMOUNT_STRLEN 40
#define CONF_RANGE_STRLEN 96
/* Of CONF_DURATION or CONF_SIZE. */
int conf_amount_parse(const struct conf_option *option, const char *text, uint64_t *valuep,
		      char *why) MUST_CHECK;
/* Of any number: "1.5", "10s", "64KiB" */
void conf_amount_format(enum conf_type type, double value, char text[CONF_AMOUNT_STRLEN]);
/* "1 to 256", "at least 10ms" or "" */
void conf_range_format(const struct conf_option *option, char range[CONF_RANGE_STRLEN]);
int conf_check_bounds(const struct conf_option *option, double value, char *why) MUST_CHECK;
/* CONF_E_USAGE, and in `why` `what` with the bounds or, where none, an example (may be NULL). */
int conf_refuse(const struct conf_option *option, const char *what, const char *example, char *why);

#endif
