#ifndef WEIR_COMMON_LINE_WRITER_H
#define WEIR_COMMON_LINE_WRITER_H
/*
 * Writes lines to a descriptor that others share, without making the caller wait for it. A thread
 * of its own does the write(2): it alone waits while a pipe is full or a terminal is stopped.
 *
 * Why a thread: O_NONBLOCK belongs to the open file, so it would also change what the parent and
 * other programs on the same terminal see. poll(2) before write(2) is no promise, because another
 * writer may take the room in between. RWF_NOWAIT knows no terminals, and no pipes before Linux 6.4.
 *
 * What is lost: a line that does not fit the buffer, that comes while the descriptor has taken
 * nothing for longer than LINE_WRITER_STUCK_MS, or whose write fails. Each such line is counted.
 * A thread that gets no processor for a while loses nothing.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define LINE_WRITER_MAX_LINE PIPE_BUF
#define LINE_WRITER_STUCK_MS 100
#define LINE_WRITER_FLUSH_MS 5000

struct line_writer;

/*
 * Called by the thread after a write succeeded and n lines had been lost since the last call. It may
 * push a line, which then follows those that wait.
 */
typedef void (*line_writer_resumed_fn)(uint64_t n);

/* Borrows fd for ever; lasts as long as the process. on_resumed may be NULL. NULL: no memory, or no
 * thread. */
struct line_writer *line_writer_start(int fd, line_writer_resumed_fn on_resumed);
/* One line (at most LINE_WRITER_MAX_LINE bytes) is one write(2). Thread-safe; keeps errno. False: it
 * was lost. */
bool line_writer_push(struct line_writer *w, const char *line, size_t len);
/* Waits until all lines are written. False: some are not, because the descriptor took nothing for so long, or
 * because the thread has not come to them in LINE_WRITER_FLUSH_MS. */
bool line_writer_flush(struct line_writer *w, uint64_t ms);
/* Lines lost since the start. */
uint64_t line_writer_dropped(const struct line_writer *w);

#endif
