#ifndef WEIR_COMMON_LOG_H
#define WEIR_COMMON_LOG_H
/*
 * One event a line on stderr, logfmt or JSON:
 *
 *   ts=2026-01-02T03:04:05.678Z level=info component=lane msg="breaker opened" node=n1 analyzer=a1
 *
 * Thread-safe: a line is one write(2). No caller ever waits for stderr: a line that it does not take
 * now is dropped and counted (line_writer.h), and a later line says how many were. A message (same
 * `msg` pointer) that repeats too fast is held back (see log_limit.h), and the next line that passes
 * says suppressed=N.
 * Packet content is never logged.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* A line with remedy= has also runbook=: LOG_RUNBOOK "heading", a path from the root of the source. */
#define LOG_RUNBOOK "docs/runbook.md#"

#define LOG_FLUSH_MS 200

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVELS };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON, LOG_FORMATS };

/* NULL-terminated, in the order of the enums: choices for a conf option. */
extern const char *const log_level_names[];
extern const char *const log_format_names[];

/* `node` goes into each line as node=..., NULL: left out. Borrows it for ever.
 * Call before threads start; a later call, with the same format and node, may change the level. */
void log_init(enum log_level level, enum log_format format, const char *node);

extern int log_least_level; /* enum log_level; log_init sets it, log_enabled reads it */

static inline bool log_enabled(enum log_level level)
{
	return (int)level >= __atomic_load_n(&log_least_level, __ATOMIC_RELAXED);
}

/* Text of another kind for stderr, at most PIPE_BUF bytes: written in one piece or dropped, as lines
 * are. */
void log_write(const char *text, size_t len);
/* Waits until all lines are written, or until stderr takes nothing for LOG_FLUSH_MS. exit() does it; call it
 * before _exit(). */
void log_flush(void);
/* Lines that could not be written, since the start. */
uint64_t log_dropped(void);

/*
 * Writes one event. `msg` is a constant string. `pairs` has a printf format for each pair, set apart
 * by spaces, and the compiler checks the values against it:
 *
 *   log_warn("lane", "delivery failed", "analyzer=%s status=%d", id, 503);
 *
 * Values may hold anything: each is formatted alone, then quoted or escaped as the format needs.
 */
void log_event(enum log_level level, const char *component, const char *msg, const char *pairs, ...)
	PRINTF_LIKE(4, 5);

/* The pairs may be left out. Their values are not computed when the level is off. The space makes
 * sure that `pairs` is a literal, and a format without pairs is not an empty one. */
#define log_at(level, component, msg, ...)                                                         \
	(log_enabled(level) ? log_event(level, component, msg, " " __VA_ARGS__) : (void)0)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

#endif
