#ifndef WEIR_REGISTRY_CTL_SCREEN_H
#define WEIR_REGISTRY_CTL_SCREEN_H
/*
 * The terminal as a screen of its own, drawn with ANSI escapes. Whatever ends the program but
 * SIGKILL, the terminal is as it was: every signal that ends it puts that right first, and then
 * ends it. Ctrl-Z and fg work. One at a time.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define CTL_KEY_NONE 0 /* the time is up */
#define CTL_KEY_END 1  /* no more keys will come */
#define CTL_KEY_DRAW 2 /* the size is another one, or the screen was lost: draw again */

/* Why stdout cannot be one: one sentence; NULL: it can. */
const char *ctl_screen_check(void);
int ctl_screen_open(void) MUST_CHECK; /* negative errno */
void ctl_screen_close(void);
void ctl_screen_size(unsigned *columnsp, unsigned *rowsp);
/* Lines that end with '\n', from the top left corner on. -EIO and the like: nobody looks any more.
 */
int ctl_screen_draw(const struct buf *lines) MUST_CHECK;
/* A key, or a CTL_KEY_*. */
int ctl_screen_wait(uint64_t ms);

#endif
