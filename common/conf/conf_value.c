#include "common/conf/conf_value.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/conf/conf_amount.h"
#include "common/conf/conf_names.h"

struct bool_word {
	const char *word;
	bool value;
};
static const struct bool_word bool_words[] = { { "true", true },   { "yes", true },
					       { "on", true },     { "1", true },
					       { "false", false }, { "no", false },
					       { "off", false },   { "0", false } };

/* Text to field: 0, CONF_E_USAGE with `why`, or -ENOMEM. */
typedef int (*parse_fn)(const struct conf_option *option, const char *text, void *field, char *why);
/* Field to text. */
typedef void (*format_fn)(const struct conf_option *option, const void *field, struct buf *out);

struct type_ops {
	size_t size; /* of the field */
	parse_fn parse;
	format_fn format;
	const char *wrong; /* what is said of other text */
};
static const struct type_ops ops[CONF_TYPES];

void *conf_field(const struct conf_option *option, void *out)
{
	return (char *)out + option->offset;
}

static int refuse_syntax(const struct conf_option *option, char *why)
{
	return conf_refuse(option, ops[option->type].wrong, NULL, why);
}

static int parse_string(const struct conf_option *option, const char *text, void *field, char *why)
{
	char *copy = strdup(text);

	(void)why;
	if (!copy)
		return -ENOMEM;
	conf_value_clear(option, field);
	*(char **)field = copy;
	return 0;
}

static int parse_int(const struct conf_option *option, const char *text, void *field, char *why)
{
	const char *digits = text + (*text == '-' || *text == '+');
	size_t n_digits = strspn(digits, "0123456789");
	int64_t value;
	int r;

	if (n_digits == 0 || digits[n_digits] != '\0')
		return refuse_syntax(option, why);
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return conf_refuse(option, "is out of range", NULL, why);
	r = conf_check_bounds(option, (double)value, why);
	if (r == 0)
		*(int64_t *)field = value;
	return r;
}

static int parse_double(const struct conf_option *option, const char *text, void *field, char *why)
{
	size_t n_digits = strspn(text, "+-.0123456789eE"); /* no hex, inf or nan */
	double value;
	char *end;
	int r;

	value = strtod(text, &end);
	if (n_digits == 0 || end != text + n_digits || *end != '\0')
		return refuse_syntax(option, why);
	if (!isfinite(value))
		return conf_refuse(option, "is out of range", NULL, why);
	r = conf_check_bounds(option, value, why);
	if (r == 0)
		*(double *)field = value;
	return r;
}

static int parse_bool(const struct conf_option *option, const char *text, void *field, char *why)
{
	for (size_t i = 0; i < ARRAY_LEN(bool_words); i++) {
		if (strcasecmp(text, bool_words[i].word) == 0) {
			*(bool *)field = bool_words[i].value;
			return 0;
		}
	}
	return refuse_syntax(option, why);
}

static int parse_amount(const struct conf_option *option, const char *text, void *field, char *why)
{
	return conf_amount_parse(option, text, field, why);
}

static int parse_choice(const struct conf_option *option, const char *text, void *field, char *why)
{
	const char *closest;
	size_t n = 0, len;

	for (; option->choices[n]; n++) {
		if (strcmp(option->choices[n], text) == 0) {
			*(int *)field = (int)n;
			return 0;
		}
	}
	len = (size_t)snprintf(why, CONF_WHY_STRLEN, "is not one of ");
	for (size_t i = 0; i < n && len < CONF_WHY_STRLEN; i++) {
		len += (size_t)snprintf(why + len, CONF_WHY_STRLEN - len, "%s%s", i > 0 ? ", " : "",
					option->choices[i]);
	}
	closest = conf_closest(text, option->choices, n);
	if (closest && len < CONF_WHY_STRLEN)
		snprintf(why + len, CONF_WHY_STRLEN - len, " (did you mean %s?)", closest);
	return CONF_E_USAGE;
}

static int list_push(struct conf_list *list, const char *item, size_t len)
{
	char **values = realloc(list->values, (list->n_values + 1) * sizeof(*values));

	if (!values)
		return -ENOMEM;
	list->values = values;
	values[list->n_values] = strndup(item, len);
	if (!values[list->n_values])
		return -ENOMEM;
	list->n_values++;
	return 0;
}

/* Empty lines and those with # are passed over. */
static int parse_lines(const char *text, struct conf_list *list)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t len = strcspn(text, "\n"), n = len;

		if (n > 0 && text[n - 1] == '\r')
			n--;
		if (n > 0 && *text != '#')
			r = list_push(list, text, n);
		text += len + (text[len] == '\n');
	}
	return r;
}

static int parse_list(const struct conf_option *option, const char *text, void *field, char *why)
{
	int r = 0;

	if (option->flags & CONF_LINES)
		return parse_lines(text, field);
	if (text[0] == ',' || strstr(text, ",,") || (text[0] && text[strlen(text) - 1] == ','))
		return refuse_syntax(option, why);
	while (r == 0 && *text) {
		size_t len = strcspn(text, ",");

		r = list_push(field, text, len);
		text += len + (text[len] == ',');
	}
	return r;
}

static void format_string(const struct conf_option *option, const void *field, struct buf *out)
{
	const char *text = *(char *const *)field;

	(void)option;
	buf_append_str(out, text ? text : "");
}

static void format_int(const struct conf_option *option, const void *field, struct buf *out)
{
	(void)option;
	buf_printf(out, "%lld", (long long)*(const int64_t *)field);
}

/* The fewest digits that read back the same. */
static void format_double(const struct conf_option *option, const void *field, struct buf *out)
{
	double value = *(const double *)field;
	char text[32];

	(void)option;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_append_str(out, text);
}

static void format_bool(const struct conf_option *option, const void *field, struct buf *out)
{
	(void)option;
	buf_append_str(out, *(const bool *)field ? "true" : "false");
}

static void format_amount(const struct conf_option *option, const void *field, struct buf *out)
{
	char text[CONF_AMOUNT_STRLEN];

	conf_amount_format(option->type, (double)*(const uint64_t *)field, text);
	buf_append_str(out, text);
}

static void format_choice(const struct conf_option *option, const void *field, struct buf *out)
{
	buf_append_str(out, option->choices[*(const int *)field]);
}

static void format_list(const struct conf_option *option, const void *field, struct buf *out)
{
	const struct conf_list *list = field;
	const char *between = option->flags & CONF_LINES ? "\n" : ",";

	for (size_t i = 0; i < list->n_values; i++)
		buf_printf(out, "%s%s", i > 0 ? between : "", list->values[i]);
}

static const struct type_ops ops[CONF_TYPES] = {
	[CONF_STRING] = { sizeof(char *), parse_string, format_string, NULL },
	[CONF_INT] = { sizeof(int64_t), parse_int, format_int, "is not a whole number" },
	[CONF_DOUBLE] = { sizeof(double), parse_double, format_double, "is not a number" },
	[CONF_BOOL] = { sizeof(bool), parse_bool, format_bool, "is neither true nor false" },
	[CONF_DURATION] = { sizeof(uint64_t), parse_amount, format_amount, NULL },
	[CONF_SIZE] = { sizeof(uint64_t), parse_amount, format_amount, NULL },
	[CONF_CHOICE] = { sizeof(int), parse_choice, format_choice, NULL },
	[CONF_LIST] = { sizeof(struct conf_list), parse_list, format_list, "has an empty element" },
};

int conf_parse_value(const struct conf_option *option, const char *text, void *out, char why[128])
{
	return ops[option->type].parse(option, text, out, why);
}

void conf_value_format(const struct conf_option *option, const void *field, struct buf *out)
{
	ops[option->type].format(option, field, out);
}

void conf_value_zero(const struct conf_option *option, void *field)
{
	memset(field, 0, ops[option->type].size);
}

void conf_value_clear(const struct conf_option *option, void *field)
{
	if (option->type == CONF_STRING)
		free(*(char **)field);
	if (option->type == CONF_LIST) {
		struct conf_list *list = field;

		for (size_t i = 0; i < list->n_values; i++)
			free(list->values[i]);
		free(list->values);
	}
	conf_value_zero(option, field);
}
