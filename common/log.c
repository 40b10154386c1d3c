/*
 * A line is built in one buffer of PIPE_BUF bytes, the most that write(2) puts into a pipe in one
 * piece, so lines of several threads and processes never mix. The thread of a line_writer writes it. A pair that does not fit any more is
 * left out whole, and the line says truncated=true: a JSON line stays JSON.
 */
#include "common/log.h"

#include <limits.h>
#include <printf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/line_writer.h"
#include "common/log_limit.h"
#include "common/printable.h"

#define MAX_VALUE 1024 /* bytes of one value; the rest is cut */
#define MAX_PAIRS 512  /* bytes of the formats of one event */
#define MAX_TAIL 32    /* room kept for truncated=true and the line's end */

const char *const log_level_names[] = { "debug", "info", "warn", "error", NULL };
const char *const log_format_names[] = { "logfmt", "json", NULL };
static_assert(ARRAY_LEN(log_level_names) == LOG_LEVELS + 1, "a name for each level");
static_assert(ARRAY_LEN(log_format_names) == LOG_FORMATS + 1, "a name for each format");

int log_least_level = LOG_INFO; /* atomic: a reload may change it while threads log */

static struct {
	enum log_format format;
	const char *node;     /* borrowed for ever; may be NULL */
	pthread_mutex_t lock; /* guards `limit` */
	struct log_limit limit;
	pthread_once_t once;
	_Atomic(struct line_writer *) writer; /* NULL: not started, or it could not be */
	_Atomic uint64_t n_unwritten;         /* lines lost for want of a writer */
} logger = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

struct line {
	char data[PIPE_BUF];
	size_t len;
	size_t limit;   /* nothing is put beyond it */
	bool overflow;  /* the pair being put does not fit */
	bool truncated; /* a pair was left out */
};

static void put(struct line *line, const char *bytes, size_t len)
{
	if (line->overflow || len > line->limit - line->len) {
		line->overflow = true;
		return;
	}
	memcpy(line->data + line->len, bytes, len);
	line->len += len;
}

static void put_str(struct line *line, const char *s)
{
	put(line, s, strlen(s));
}

static void put_escaped(struct line *line, uint32_t cp)
{
	static const char short_form[128] = {
		['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'
	};
	char escape[16];

	if (cp < 128 && short_form[cp])
		snprintf(escape, sizeof(escape), "\\%c", short_form[cp]);
	else if (cp < 0x10000)
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)cp);
	else
		snprintf(escape, sizeof(escape), "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (cp >> 10)),
			 (unsigned)(0xdc00 + (cp & 0x3ff)));
	put_str(line, escape);
}

/* As a JSON string; logfmt's quoted values have the same syntax. */
static void put_quoted(struct line *line, const char *value)
{
	size_t n_left = strlen(value), n;

	put_str(line, "\"");
	for (; n_left > 0; value += n, n_left -= n) {
		uint32_t cp = 0xfffd;

		n = printable_decode(value, n_left, &cp);
		if (n == 0 || printable_is_hidden(cp) || cp == '"' || cp == '\\')
			put_escaped(line, cp);
		else
			put(line, value, n);
		n += n == 0;
	}
	put_str(line, "\"");
}

static bool is_plain(const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '=' || *p == '\\')
			return false;
	}
	return *value != '\0';
}

static void put_pair(struct line *line, const char *key, const char *value)
{
	bool json = logger.format == LOG_FORMAT_JSON;
	size_t start = line->len;

	put_str(line, start == 0 ? (json ? "{" : "") : (json ? "," : " "));
	if (json)
		put_quoted(line, key);
	else
		put_str(line, key);
	put_str(line, json ? ":" : "=");
	if (json || !is_plain(value))
		put_quoted(line, value);
	else
		put_str(line, value);
	if (line->overflow) {
		line->len = start;
		line->overflow = false;
		line->truncated = true;
	}
}

static void put_time(struct line *line)
{
	uint64_t now_us = clock_wall_us();
	time_t now_s = (time_t)(now_us / US_PER_S);
	char date[32], stamp[48];
	struct tm tm;

	gmtime_r(&now_s, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(stamp, sizeof(stamp), "%s.%03uZ", date, (unsigned)(now_us % US_PER_S / US_PER_MS));
	put_pair(line, "ts", stamp);
}

/* Moves *ap past one value of a type as parse_printf_format(3) names it. */
static void skip_value(va_list *ap, int type)
{
	switch (type) {
	/* NOLINTNEXTLINE(bugprone-branch-clone): each has a type of its own */
	case PA_INT | PA_FLAG_LONG:
	case PA_INT | PA_FLAG_LONG_LONG:
		(void)va_arg(*ap, long long);
		return;
	case PA_DOUBLE:
		(void)va_arg(*ap, double);
		return;
	case PA_STRING:
	case PA_POINTER:
		(void)va_arg(*ap, void *);
		return;
	default: /* int, and what is promoted to it */
		(void)va_arg(*ap, int);
	}
}
static_assert(sizeof(long) == sizeof(long long), "skip_value takes them for one");

/* vsnprintf leaves its va_list unusable, so it gets a copy and the original is moved by the types.
 */
static void format_value(char value[MAX_VALUE], const char *fmt, va_list *ap)
{
	int types[8];
	size_t n_types = parse_printf_format(fmt, ARRAY_LEN(types), types);
	va_list copy;

	assert(n_types <= ARRAY_LEN(types));
	va_copy(copy, *ap);
	if (vsnprintf(value, MAX_VALUE, fmt, copy) < 0)
		value[0] = '\0';
	va_end(copy);
	for (size_t i = 0; i < n_types; i++)
		skip_value(ap, types[i]);
}

/* `pairs` is cut at its spaces: each part is a key, '=' and the format of one value. */
static void put_pairs(struct line *line, const char *pairs, va_list *ap)
{
	char parts[MAX_PAIRS], *rest = parts, *key;

	assert(strlen(pairs) < sizeof(parts));
	strcpy(parts, pairs);
	while ((key = strtok_r(rest, " ", &rest))) {
		char *fmt = strchr(key, '=');
		char value[MAX_VALUE];

		assert(fmt);
		*fmt++ = '\0';
		format_value(value, fmt, ap);
		put_pair(line, key, value);
	}
}

static void finish(struct line *line)
{
	line->limit = sizeof(line->data);
	if (line->truncated)
		put_pair(line, "truncated", "true");
	put_str(line, logger.format == LOG_FORMAT_JSON ? "}\n" : "\n");
}

static void on_resumed(uint64_t n)
{
	log_warn("log", "stderr takes lines again; some were dropped", "n=%llu",
		 (unsigned long long)n);
}

static void start_writer(void)
{
	struct line_writer *writer = line_writer_start(STDERR_FILENO, on_resumed);

	atomic_store(&logger.writer, writer);
	if (writer)
		atexit(log_flush);
}

/* The thread starts with the first line. */
void log_write(const char *text, size_t len)
{
	struct line_writer *writer;

	pthread_once(&logger.once, start_writer);
	writer = atomic_load(&logger.writer);
	if (writer)
		line_writer_push(writer, text, len);
	else
		atomic_fetch_add(&logger.n_unwritten, 1);
}

void log_flush(void)
{
	struct line_writer *writer = atomic_load(&logger.writer);

	if (writer)
		line_writer_flush(writer, LOG_FLUSH_MS);
}

uint64_t log_dropped(void)
{
	struct line_writer *writer = atomic_load(&logger.writer);

	return atomic_load(&logger.n_unwritten) + (writer ? line_writer_dropped(writer) : 0);
}

static bool pass(const char *msg, uint32_t *n_heldp)
{
	bool passed;

	pthread_mutex_lock(&logger.lock);
	passed = log_limit_pass(&logger.limit, msg, clock_mono_us(), n_heldp);
	pthread_mutex_unlock(&logger.lock);
	return passed;
}

void log_init(enum log_level level, enum log_format format, const char *node)
{
	assert((unsigned)level < LOG_LEVELS && (unsigned)format < LOG_FORMATS);
	__atomic_store_n(&log_least_level, (int)level, __ATOMIC_RELAXED);
	if (logger.format != format) /* not written again while threads read it */
		logger.format = format;
	if (logger.node != node)
		logger.node = node;
}

void log_event(enum log_level level, const char *component, const char *msg, const char *pairs, ...)
{
	struct line line;
	uint32_t n_held = 0;
	char count[16];
	va_list ap;

	if (!log_enabled(level) || !pass(msg, &n_held))
		return;
	line.len = 0;
	line.limit = sizeof(line.data) - MAX_TAIL;
	line.overflow = line.truncated = false;
	put_time(&line);
	put_pair(&line, "level", log_level_names[level]);
	put_pair(&line, "component", component);
	put_pair(&line, "msg", msg);
	if (logger.node)
		put_pair(&line, "node", logger.node);
	if (n_held > 0) {
		snprintf(count, sizeof(count), "%u", n_held);
		put_pair(&line, "suppressed", count);
	}
	va_start(ap, pairs);
	put_pairs(&line, pairs, &ap);
	va_end(ap);
	finish(&line);
	log_write(line.data, line.len);
}
