/*
 * Numbers with a unit (durations, sizes), and the bounds of all numbers.
 */
#include "common/conf/conf_amount.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_WHOLE 9007199254740992.0 /* 2^53: amounts are computed as doubles */

struct unit {
	const char *name;
	double factor; /* in ms or bytes */
};

/* A value is printed in the first unit that divides it; the unit 1 ends that search. */
static const struct unit duration_units[] = {
	{ "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }, { NULL, 0 }
};
static const struct unit size_units[] = {
	{ "GiB", 1 << 30 }, { "MiB", 1 << 20 }, { "KiB", 1 << 10 }, { "B", 1 },
	{ "GB", 1e9 },      { "MB", 1e6 },      { "KB", 1e3 },      { "G", 1 << 30 },
	{ "M", 1 << 20 },   { "K", 1 << 10 },   { NULL, 0 }
};

static void format_amount(double value, const struct unit *units, char text[CONF_AMOUNT_STRLEN])
{
	const struct unit *unit = units;

	while (unit->factor > 1 && fmod(value, unit->factor) != 0)
		unit++;
	if (value == 0)
		strcpy(text, "0");
	else
		snprintf(text, CONF_AMOUNT_STRLEN, "%.15g%s", value / unit->factor, unit->name);
}

void conf_amount_format(enum conf_type type, double value, char text[CONF_AMOUNT_STRLEN])
{
	if (type == CONF_DURATION)
		format_amount(value, duration_units, text);
	else if (type == CONF_SIZE)
		format_amount(value, size_units, text);
	else
		snprintf(text, CONF_AMOUNT_STRLEN, "%.15g", value);
}

static bool has_bounds(const struct conf_option *option)
{
	return option->min != 0 || option->max != 0;
}

/* A max below min is none. */
static bool has_max(const struct conf_option *option)
{
	return option->max >= option->min && isfinite(option->max);
}

void conf_range_format(const struct conf_option *option, char range[CONF_RANGE_STRLEN])
{
	char lo[CONF_AMOUNT_STRLEN], hi[CONF_AMOUNT_STRLEN];

	range[0] = '\0';
	if (!has_bounds(option))
		return;
	conf_amount_format(option->type, option->min, lo);
	conf_amount_format(option->type, option->max, hi);
	if (has_max(option))
		snprintf(range, CONF_RANGE_STRLEN, "%s to %s", lo, hi);
	else
		snprintf(range, CONF_RANGE_STRLEN, "at least %s", lo);
}

int conf_refuse(const struct conf_option *option, const char *what, const char *example, char *why)
{
	char range[CONF_RANGE_STRLEN];

	conf_range_format(option, range);
	if (range[0])
		snprintf(why, CONF_WHY_STRLEN, "%s (expected %s)", what, range);
	else if (example)
		snprintf(why, CONF_WHY_STRLEN, "%s (such as %s)", what, example);
	else
		snprintf(why, CONF_WHY_STRLEN, "%s", what);
	return CONF_E_USAGE;
}

int conf_check_bounds(const struct conf_option *option, double value, char *why)
{
	if (!has_bounds(option))
		return 0;
	if (value >= option->min && (!has_max(option) || value <= option->max))
		return 0;
	return conf_refuse(option, "is out of range", NULL, why);
}

/* NULL: no such unit. */
static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++) {
		if (strcasecmp(units->name, name) == 0)
			return units;
	}
	return NULL;
}

/* How amounts of one type are read. */
struct amount_syntax {
	const struct unit *units;
	double bare; /* factor of a number without unit; 0: an error, unless it is 0 */
	const char *not_one, *too_fine, *example;
};
static const struct amount_syntax duration_syntax = { duration_units, 0, "is not a duration",
						      "is not a whole number of milliseconds",
						      "250ms, 10s or 5m" };
static const struct amount_syntax size_syntax = { size_units, 1, "is not a size",
						  "is not a whole number of bytes",
						  "65536, 64KiB or 1MiB" };

/* A number without sign or exponent, a fraction allowed, then a unit. */
int conf_amount_parse(const struct conf_option *option, const char *text, uint64_t *valuep,
		      char *why)
{
	const struct amount_syntax *syntax =
		option->type == CONF_DURATION ? &duration_syntax : &size_syntax;
	size_t n_digits = strspn(text, "0123456789.");
	const struct unit *unit = find_unit(syntax->units, text + n_digits);
	double value, whole;
	char *end;
	int r;

	value = strtod(text, &end);
	if (n_digits == 0 || end != text + n_digits || (*end != '\0' && !unit))
		return conf_refuse(option, syntax->not_one, syntax->example, why);
	if (*end == '\0' && value != 0 && syntax->bare == 0)
		return conf_refuse(option, "needs a unit", syntax->example, why);
	value *= unit ? unit->factor : syntax->bare;
	whole = nearbyint(value);
	if (fabs(value - whole) > 1e-6)
		return conf_refuse(option, syntax->too_fine, NULL, why);
	if (whole > MAX_WHOLE)
		return conf_refuse(option, "is out of range", NULL, why);
	r = conf_check_bounds(option, whole, why);
	if (r == 0)
		*valuep = (uint64_t)whole;
	return r;
}
