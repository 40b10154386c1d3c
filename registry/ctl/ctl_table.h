#ifndef WEIR_REGISTRY_CTL_TABLE_H
#define WEIR_REGISTRY_CTL_TABLE_H
/*
 * Text in columns as wide as their widest cell. The first column stands left, numbers right.
 */
#include <stdbool.h>

#include "common/buf.h"

#define CTL_TABLE_COLUMNS 13
#define CTL_TABLE_CELL 80
#define CTL_GROUPED 56

struct ctl_table {
	unsigned n_columns;
	bool is_right[CTL_TABLE_COLUMNS];
	struct buf cells; /* of CTL_TABLE_CELL bytes each */
	unsigned n_cells;
};

/* headings: one character of alignment, '<' or '>', and the text; borrowed for the call */
void ctl_table_init(struct ctl_table *table, unsigned n_columns, const char *const *headings);
void ctl_table_deinit(struct ctl_table *table);
void ctl_table_cell(struct ctl_table *table, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "1,234,567" */
void ctl_table_group(double count, char out[CTL_GROUPED]);
void ctl_table_count(struct ctl_table *table, double count);
void ctl_table_write(const struct ctl_table *table, struct buf *out);

#endif
