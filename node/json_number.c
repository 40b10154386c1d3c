#include "node/json_number.h"

#include <string.h>

#define MAX_SAFE_DIGITS 18 /* always fits 64 bits */

static size_t skip_digits(const char *text, size_t at, size_t len)
{
	while (at < len && text[at] >= '0' && text[at] <= '9')
		at++;
	return at;
}

/* `at` behind the opening quote; returns what is behind the closing one. */
static size_t skip_string(const char *text, size_t at, size_t len)
{
	while (at < len && text[at] != '"')
		at += text[at] == '\\' ? 2 : 1;
	return at < len ? at + 1 : len;
}

/* "." and digits, or nothing. */
static size_t skip_fraction(const char *text, size_t at, size_t len)
{
	size_t end = at < len && text[at] == '.' ? skip_digits(text, at + 1, len) : at;

	return end > at + 1 ? end : at;
}

/* "e", maybe a sign, and digits; or nothing. */
static size_t skip_exponent(const char *text, size_t at, size_t len)
{
	size_t digits = at + 1, end;

	if (at >= len || (text[at] != 'e' && text[at] != 'E'))
		return at;
	if (digits < len && (text[digits] == '+' || text[digits] == '-'))
		digits++;
	end = skip_digits(text, digits, len);
	return end > digits ? end : at;
}

/* `at` on the first digit; returns what is behind the number. */
static size_t shrink_number(char *text, size_t at, size_t len, bool *is_hugep)
{
	size_t int_end = text[at] == '0' ? at + 1 : skip_digits(text, at, len);
	size_t fraction_end = skip_fraction(text, int_end, len);
	size_t end = skip_exponent(text, fraction_end, len);

	*is_hugep |= end > fraction_end || int_end - at > MAX_SAFE_DIGITS;
	text[at] = '0';
	memset(text + at + 1, ' ', end - at - 1);
	return end;
}

bool json_shrink_numbers(char *text, size_t len)
{
	bool is_huge = false;
	size_t at = 0;

	while (at < len) {
		if (text[at] == '"')
			at = skip_string(text, at + 1, len);
		else if (text[at] >= '0' && text[at] <= '9')
			at = shrink_number(text, at, len, &is_huge);
		else
			at++;
	}
	return is_huge;
}
