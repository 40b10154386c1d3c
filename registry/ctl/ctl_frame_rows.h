#ifndef WEIR_REGISTRY_CTL_FRAME_ROWS_H
#define WEIR_REGISTRY_CTL_FRAME_ROWS_H
/*
 * The two tables of a frame. Each has a heading, and then at most n_rows lines.
 */
#include "registry/ctl/ctl_frame.h"
#include "registry/ctl/ctl_line.h"
#include "registry/ctl/ctl_nodes.h"

void ctl_frame_analyzers(const struct ctl_frame *frame, struct ctl_line *line, unsigned n_rows);
void ctl_frame_nodes(const struct roster *roster, const struct ctl_node *nodes, unsigned n_nodes,
		     struct ctl_line *line, unsigned n_rows);

#endif
