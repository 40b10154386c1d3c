#ifndef WEIR_REGISTRY_CTL_FRAME_H
#define WEIR_REGISTRY_CTL_FRAME_H
/*
 * What weirctl top shows, as text: rosters in, lines out. Pure: no terminal, no clock, no Redis.
 *
 *   head       pool and time, rates, what is under way, totals
 *   stale      empty while what is shown is fresh
 *   analyzers  a line each, as many as fit; else the worst, and how many there are more
 *   nodes      the same
 */
#include "common/buf.h"
#include "registry/ctl/ctl_view.h"

#define CTL_FRAME_COLUMNS_MIN 40
#define CTL_FRAME_ROWS_MIN 10

/* Lines that end with '\n': at most `rows` of them, none wider than `columns`. */
void ctl_frame_write(const struct ctl_view *frame, struct buf *out);

#endif
