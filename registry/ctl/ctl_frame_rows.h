#ifndef WEIR_REGISTRY_CTL_FRAME_ROWS_H
#define WEIR_REGISTRY_CTL_FRAME_ROWS_H
/*
 * The two tables of a frame. Each has a heading, and then at most n_rows lines.
 */
#include "registry/ctl/ctl_line.h"
#include "registry/ctl/ctl_nodes.h"
#include "registry/ctl/ctl_view.h"

void ctl_frame_analyzers(const struct ctl_view *frame, struct ctl_line *line, unsigned n_rows);
void ctl_frame_nodes(const struct ctl_view *f, const struct ctl_node *nodes, unsigned n_nodes,
		     struct ctl_line *line, unsigned n_rows);

#endif
