#include "common/format/syslog_message.h"

#include <assert.h>
#include <string.h>

#include "common/err.h"

#define MAX_PRIORITY 191
#define TAG_MAX 48 /* RFC 3164 says 32; some write paths */

static const char *const facilities[] = {
	"kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
	"uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
	"local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
};
static const char *const severities[] = { "emerg",   "alert",  "crit", "err",
					  "warning", "notice", "info", "debug" };

const char *syslog_facility_name(int priority)
{
	assert(priority >= 0 && priority <= MAX_PRIORITY);
	return facilities[priority / 8];
}

const char *syslog_severity_name(int priority)
{
	assert(priority >= 0 && priority <= MAX_PRIORITY);
	return severities[priority % 8];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void advance(struct format_slice *s, size_t n)
{
	s->data += n;
	s->len -= n;
}

/* "<133>" */
static int take_priority(struct format_slice *s)
{
	int value = 0;
	size_t n = 1;

	if (s->len < 3 || s->data[0] != '<')
		return -1;
	while (n < s->len && n < 4 && is_digit(s->data[n]))
		value = 10 * value + (s->data[n++] - '0');
	if (n == 1 || n == s->len || s->data[n] != '>' || value > MAX_PRIORITY)
		return -1;
	advance(s, n + 1);
	return value;
}

/* Up to a space, which is taken too. "-": none. */
static struct format_slice take_token(struct format_slice *s)
{
	const char *space = s->len ? memchr(s->data, ' ', s->len) : NULL;
	size_t n = space ? (size_t)(space - s->data) : s->len;
	struct format_slice token = { s->data, n };

	advance(s, space ? n + 1 : n);
	if (n == 1 && token.data[0] == '-')
		token.len = 0;
	return token;
}

/* "2026-11-28T16:30:05" and what follows it. */
static bool is_iso_time(const struct format_slice *s)
{
	static const char pattern[] = "0000-00-00T00:00:00";

	if (s->len < sizeof(pattern) - 1)
		return false;
	for (size_t i = 0; i < sizeof(pattern) - 1; i++) {
		char c = s->data[i];

		if (pattern[i] == '0' ? !is_digit(c)
				      : c != pattern[i] && !(pattern[i] == 'T' && c == 't'))
			return false;
	}
	return true;
}

/* ---- RFC 5424 ---- */

bool syslog_param_next(struct format_slice *rest, struct format_slice *namep,
		       struct format_slice *valuep)
{
	struct format_slice s = *rest;
	size_t n = 0;

	while (s.len && s.data[0] == ' ')
		advance(&s, 1);
	while (n < s.len && s.data[n] > ' ' && !strchr("=]\"", s.data[n]))
		n++;
	if (n == 0 || s.len - n < 3 || s.data[n] != '=' || s.data[n + 1] != '"')
		return false;
	*namep = (struct format_slice){ s.data, n };
	advance(&s, n + 2);
	for (n = 0; n < s.len && s.data[n] != '"'; n++)
		n += s.data[n] == '\\' && n + 1 < s.len;
	if (n >= s.len)
		return false;
	*valuep = (struct format_slice){ s.data, n };
	advance(&s, n + 1);
	*rest = s;
	return true;
}

bool syslog_data_next(struct format_slice *rest, struct format_slice *idp,
		      struct format_slice *paramsp)
{
	struct format_slice s = *rest, name, value;
	size_t n = 1;

	if (s.len < 3 || s.data[0] != '[')
		return false;
	while (n < s.len && s.data[n] > ' ' && !strchr("=]\"", s.data[n]))
		n++;
	if (n == 1)
		return false;
	*idp = (struct format_slice){ s.data + 1, n - 1 };
	advance(&s, n);
	paramsp->data = s.data;
	while (syslog_param_next(&s, &name, &value))
		;
	paramsp->len = (size_t)(s.data - paramsp->data);
	while (s.len && s.data[0] == ' ')
		advance(&s, 1);
	if (!s.len || s.data[0] != ']')
		return false;
	advance(&s, 1);
	*rest = s;
	return true;
}

/* Elements that are broken are part of the text. */
static struct format_slice take_data(struct format_slice *s)
{
	struct format_slice rest = *s, id, params, data = { s->data, 0 };

	if (s->len && s->data[0] == '-' && (s->len == 1 || s->data[1] == ' ')) {
		advance(s, s->len == 1 ? 1 : 2);
		return data;
	}
	while (syslog_data_next(&rest, &id, &params))
		;
	if (rest.len && rest.data[0] != ' ')
		return data;
	data.len = (size_t)(rest.data - s->data);
	if (rest.len && data.len)
		advance(&rest, 1);
	*s = rest;
	return data;
}

/* "1 2026-11-28T16:30:05Z ", "1 - ". False: it is not of RFC 5424. */
static bool take_version(struct format_slice *s, struct syslog_message *m)
{
	struct format_slice rest = *s;
	int version = 0;
	size_t n = 0;

	while (n < rest.len && n < 3 && is_digit(rest.data[n]))
		version = 10 * version + (rest.data[n++] - '0');
	if (version == 0 || n == rest.len || rest.data[n] != ' ')
		return false;
	advance(&rest, n + 1);
	if (!is_iso_time(&rest) &&
	    !(rest.len && rest.data[0] == '-' && (rest.len == 1 || rest.data[1] == ' ')))
		return false;
	m->version = version;
	*s = rest;
	return true;
}

static void parse_5424(struct format_slice *s, struct syslog_message *m)
{
	m->timestamp = take_token(s);
	m->hostname = take_token(s);
	m->app_name = take_token(s);
	m->procid = take_token(s);
	m->msgid = take_token(s);
	m->data = take_data(s);
}

/* ---- RFC 3164 ---- */

static bool is_month(const char *data)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; i < sizeof(months) - 1; i += 3)
		if (memcmp(months + i, data, 3) == 0)
			return true;
	return false;
}

/* "16:30:05", with a fraction or without. Its length, or 0. */
static size_t measure_clock(const struct format_slice *s, size_t at)
{
	size_t n = at;

	if (s->len < at + 8)
		return 0;
	for (size_t i = 0; i < 8; i++)
		if (i % 3 == 2 ? s->data[at + i] != ':' : !is_digit(s->data[at + i]))
			return 0;
	n += 8;
	if (n + 1 < s->len && s->data[n] == '.' && is_digit(s->data[n + 1]))
		for (n++; n < s->len && is_digit(s->data[n]); n++)
			;
	return n;
}

/* "Nov 28 16:30:05", "Nov  8 2026 16:30:05.123". Its length, or 0. */
static size_t measure_bsd_time(const struct format_slice *s)
{
	size_t at = 3, n;

	if (s->len < 14 || !is_month(s->data) || s->data[at] != ' ')
		return 0;
	while (at < 5 && s->data[at] == ' ')
		at++;
	for (n = 0; n < 2 && is_digit(s->data[at]); n++)
		at++;
	if (n == 0 || s->data[at] != ' ')
		return 0;
	at++;
	n = measure_clock(s, at);
	if (n == 0 && s->len > at + 5 && s->data[at + 4] == ' ' && is_digit(s->data[at]))
		n = measure_clock(s, at + 5);
	return n;
}

/* What some devices put around the time: "*Mar  1 18:46:11: ". */
static void take_time(struct format_slice *s, struct syslog_message *m)
{
	struct format_slice rest = *s;
	size_t n;

	if (is_iso_time(&rest)) {
		m->timestamp = take_token(s);
		return;
	}
	if (rest.len && (rest.data[0] == '*' || rest.data[0] == '.'))
		advance(&rest, 1);
	n = measure_bsd_time(&rest);
	if (n == 0)
		return;
	m->timestamp = (struct format_slice){ rest.data, n };
	advance(&rest, n);
	if (rest.len && rest.data[0] == ':')
		advance(&rest, 1);
	if (rest.len && rest.data[0] == ' ')
		advance(&rest, 1);
	*s = rest;
}

static bool is_tag_byte(char c)
{
	return is_letter(c) || is_digit(c) || (c && strchr("_-./@%+#()", c));
}

/* "su: ", "sshd[42]: ", "kernel:". False: it does not begin with a tag. */
static bool take_tag(struct format_slice *s, struct syslog_message *m)
{
	struct format_slice rest = *s, procid = { NULL, 0 };
	size_t n = 0, end;

	while (n < rest.len && n < TAG_MAX && is_tag_byte(rest.data[n]))
		n++;
	end = n;
	if (n == 0 || is_digit(rest.data[0]))
		return false;
	if (n < rest.len && rest.data[n] == '[') {
		const char *stop = memchr(rest.data + n, ']', rest.len - n);

		if (!stop || memchr(rest.data + n, ' ', (size_t)(stop - rest.data) - n))
			return false;
		procid = (struct format_slice){ rest.data + n + 1,
						(size_t)(stop - rest.data) - n - 1 };
		end = (size_t)(stop + 1 - rest.data);
	}
	if (end == rest.len || rest.data[end] != ':' ||
	    (end + 1 < rest.len && rest.data[end + 1] != ' '))
		return false;
	m->app_name = (struct format_slice){ rest.data, n };
	m->procid = procid;
	advance(&rest, end + 1);
	if (rest.len)
		advance(&rest, 1);
	*s = rest;
	return true;
}

/* Programs on one machine leave the host out. */
static void parse_3164(struct format_slice *s, struct syslog_message *m)
{
	take_time(s, m);
	if (take_tag(s, m) || !m->timestamp.len)
		return;
	m->hostname = take_token(s);
	take_tag(s, m);
}

void syslog_message_parse(const char *data, size_t len, struct syslog_message *m)
{
	static const char marked[] = FORMAT_MARK "<";
	struct format_slice s = { data, len };

	*m = (struct syslog_message){ .priority = -1 };
	/* Windows' writers of text begin a connection with it */
	if (s.len >= sizeof(marked) - 1 && memcmp(s.data, marked, sizeof(marked) - 1) == 0)
		advance(&s, sizeof(FORMAT_MARK) - 1);
	m->priority = take_priority(&s);
	if (m->priority >= 0 && take_version(&s, m))
		parse_5424(&s, m);
	else
		parse_3164(&s, m);
	if (s.len >= 3 && memcmp(s.data, FORMAT_MARK, 3) == 0)
		advance(&s, 3);
	m->text = s;
}
