#include "analyzer/message/message_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ULL
#define EARLIEST_S 100000000ULL         /* March 1973 */
#define LATEST_NS ((uint64_t)INT64_MAX) /* April 2262 */
#define MAX_TEXT 64
#define MAX_DIGITS 19 /* of a uint64_t that cannot overflow */

/* What is still to be read. */
struct text {
	const char *at;
	const char *end;
};

static bool take(struct text *t, const char *any_of)
{
	if (t->at == t->end || !strchr(any_of, *t->at))
		return false;
	t->at++;
	return true;
}

static bool is_digit(const struct text *t)
{
	return t->at < t->end && *t->at >= '0' && *t->at <= '9';
}

/* Exactly n digits. */
static bool take_number(struct text *t, int n, int *valuep)
{
	*valuep = 0;
	while (n-- > 0) {
		if (!is_digit(t))
			return false;
		*valuep = *valuep * 10 + (*t->at++ - '0');
	}
	return true;
}

/* Digits behind the point as a part of `unit`; those that are too small are skipped. */
static uint64_t take_fraction(struct text *t, uint64_t unit)
{
	uint64_t value = 0;

	for (; is_digit(t); t->at++) {
		unit /= 10;
		value += (uint64_t)(*t->at - '0') * unit;
	}
	return value;
}

/* The unit of a number since 1970 is known by its size. */
static uint64_t unit_of(uint64_t value)
{
	if (value < 100000000000ULL)
		return NS_PER_S;
	if (value < 100000000000000ULL)
		return 1000000;
	return value < 100000000000000000ULL ? 1000 : 1;
}

static int read_epoch(struct text t, uint64_t *nsp)
{
	uint64_t value = 0, unit;
	int n_digits = 0;

	for (; is_digit(&t) && n_digits < MAX_DIGITS; n_digits++)
		value = value * 10 + (uint64_t)(*t.at++ - '0');
	if (n_digits == 0 || value < EARLIEST_S || is_digit(&t))
		return MESSAGE_TIME_E_NONE;
	unit = unit_of(value);
	if (value >= LATEST_NS / unit)
		return MESSAGE_TIME_E_NONE;
	*nsp = value * unit;
	if (take(&t, "."))
		*nsp += take_fraction(&t, unit);
	return t.at == t.end ? 0 : MESSAGE_TIME_E_NONE;
}

/* "1.764378e9", which a double may be written as. */
static int read_exponent(const char *text, size_t len, uint64_t *nsp)
{
	char copy[MAX_TEXT + 1], *end;
	double seconds, ns;

	memcpy(copy, text, len);
	copy[len] = '\0';
	if (copy[0] < '0' || copy[0] > '9')
		return MESSAGE_TIME_E_NONE;
	seconds = strtod(copy, &end);
	if (*end || !(seconds >= (double)EARLIEST_S) || seconds > 9e18)
		return MESSAGE_TIME_E_NONE;
	ns = seconds * (double)unit_of((uint64_t)seconds);
	if (ns >= (double)LATEST_NS)
		return MESSAGE_TIME_E_NONE;
	*nsp = (uint64_t)ns;
	return 0;
}

static bool take_clock(struct text *t, struct tm *tm, uint64_t *fraction_nsp)
{
	*fraction_nsp = 0;
	if (!take_number(t, 2, &tm->tm_hour) || !take(t, ":") || !take_number(t, 2, &tm->tm_min))
		return false;
	if (take(t, ":") && !take_number(t, 2, &tm->tm_sec))
		return false;
	if (take(t, ".,"))
		*fraction_nsp = take_fraction(t, NS_PER_S);
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
}

/* Seconds east of UTC. */
static bool take_zone(struct text *t, int *secondsp)
{
	int hours, minutes = 0, sign;

	*secondsp = 0;
	take(t, " ");
	if (t->at == t->end || take(t, "Zz"))
		return true;
	sign = *t->at == '-' ? -1 : 1;
	if (!take(t, "+-") || !take_number(t, 2, &hours))
		return false;
	take(t, ":");
	if (t->at < t->end && !take_number(t, 2, &minutes))
		return false;
	*secondsp = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

static int finish(struct tm *tm, int zone_s, uint64_t fraction_ns, uint64_t *nsp)
{
	time_t seconds = timegm(tm) - zone_s;

	if (seconds < (time_t)EARLIEST_S || seconds >= (time_t)(LATEST_NS / NS_PER_S))
		return MESSAGE_TIME_E_NONE;
	*nsp = (uint64_t)seconds * NS_PER_S + fraction_ns;
	return 0;
}

static int read_rfc3339(struct text t, uint64_t *nsp)
{
	struct tm tm = { 0 };
	uint64_t fraction_ns;
	int year, month, zone_s;

	if (!take_number(&t, 4, &year) || !take(&t, "-") || !take_number(&t, 2, &month) ||
	    !take(&t, "-") || !take_number(&t, 2, &tm.tm_mday) || !take(&t, "Tt "))
		return MESSAGE_TIME_E_NONE;
	if (month < 1 || month > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return MESSAGE_TIME_E_NONE;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	if (!take_clock(&t, &tm, &fraction_ns) || !take_zone(&t, &zone_s) || t.at != t.end)
		return MESSAGE_TIME_E_NONE;
	return finish(&tm, zone_s, fraction_ns, nsp);
}

static bool take_month(struct text *t, int *monthp)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (t->end - t->at < 3)
		return false;
	for (*monthp = 0; *monthp < 12; ++*monthp)
		if (memcmp(names + *monthp * 3, t->at, 3) == 0) {
			t->at += 3;
			return true;
		}
	return false;
}

/* A time without a year that lies more than a day ahead is of the year before. */
static int read_rfc3164(struct text t, uint64_t now_ns, uint64_t *nsp)
{
	time_t now_s = (time_t)(now_ns / NS_PER_S);
	struct tm tm = { 0 }, now;
	uint64_t fraction_ns;
	int r;

	if (!gmtime_r(&now_s, &now) || !take_month(&t, &tm.tm_mon) || !take(&t, " "))
		return MESSAGE_TIME_E_NONE;
	if (!take_number(&t, take(&t, " ") ? 1 : 2, &tm.tm_mday) || !take(&t, " ") ||
	    !take_clock(&t, &tm, &fraction_ns) || t.at != t.end)
		return MESSAGE_TIME_E_NONE;
	tm.tm_year = now.tm_year;
	r = finish(&tm, 0, fraction_ns, nsp);
	if (r == 0 && *nsp > now_ns + 86400 * NS_PER_S) {
		tm.tm_year--;
		r = finish(&tm, 0, fraction_ns, nsp);
	}
	return r;
}

int message_time_read(const char *text, size_t len, uint64_t now_ns, uint64_t *nsp)
{
	struct text t = { text, text + len };

	if (len == 0 || len > MAX_TEXT)
		return MESSAGE_TIME_E_NONE;
	if (!is_digit(&t))
		return read_rfc3164(t, now_ns, nsp);
	if (read_epoch(t, nsp) == 0 || read_rfc3339(t, nsp) == 0)
		return 0;
	return memchr(text, 'e', len) || memchr(text, 'E', len) ? read_exponent(text, len, nsp)
								: MESSAGE_TIME_E_NONE;
}

void message_time_write(uint64_t ns, char out[MESSAGE_TIME_STRLEN])
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	unsigned fraction = (unsigned)(ns % NS_PER_S);
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(out, MESSAGE_TIME_STRLEN, "%Y-%m-%dT%H:%M:%S", &tm);
	if (fraction) {
		len += (size_t)snprintf(out + len, MESSAGE_TIME_STRLEN - len, ".%09u", fraction);
		while (out[len - 1] == '0')
			len--;
	}
	out[len++] = 'Z';
	out[len] = '\0';
}
