#ifndef WEIR_COMMON_CONF_VALUE_H
#define WEIR_COMMON_CONF_VALUE_H
/* Text to the field of one option, and back. */
#include "common/buf.h"
#include "common/conf/conf_option.h"

void *conf_field(const struct conf_option *option, void *out);
void conf_value_zero(const struct conf_option *option, void *field);
void conf_value_clear(const struct conf_option *option, void *field); /* releases and zeroes */
/* In the option's own syntax. */
void conf_value_format(const struct conf_option *option, const void *field, struct buf *out);

/*
 * One value of one option into the field `out`: 0, or CONF_E_USAGE with the reason in `why` ("is
 * not a whole number (expected 1 to 256)") and the field unchanged. A string replaces (and
 * releases) what the field held, a list grows: zero the field before the first call. For tests and
 * other parsers.
 */
int conf_parse_value(const struct conf_option *option, const char *text, void *out,
		     char why[128]) MUST_CHECK;

#endif
