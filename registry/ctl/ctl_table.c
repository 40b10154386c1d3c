#include "registry/ctl/ctl_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/printable.h"

void ctl_table_init(struct ctl_table *t, unsigned n_columns, const char *const *headings)
{
	assert(n_columns <= CTL_TABLE_COLUMNS);
	*t = (struct ctl_table){ .n_columns = n_columns };
	for (unsigned i = 0; i < n_columns; i++) {
		t->is_right[i] = headings[i][0] == '>';
		ctl_table_cell(t, "%s", headings[i] + 1);
	}
}

void ctl_table_deinit(struct ctl_table *t)
{
	buf_deinit(&t->cells);
}

void ctl_table_cell(struct ctl_table *t, const char *fmt, ...)
{
	char cell[CTL_TABLE_CELL] = "", text[CTL_TABLE_CELL];
	CLEANUP(buf_deinit) struct buf shown = { 0 };
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printable_append(&shown, text, strlen(text), "");
	snprintf(cell, sizeof(cell), "%s", shown.failed ? "?" : buf_str(&shown));
	buf_append(&t->cells, cell, sizeof(cell));
	t->n_cells++;
}

void ctl_table_group(double count, char out[CTL_GROUPED])
{
	char plain[40];
	int len = snprintf(plain, sizeof(plain), "%.0f", count);
	size_t n = 0;

	for (int i = 0; i < len && i < (int)sizeof(plain) - 1 && n < CTL_GROUPED - 2; i++) {
		out[n++] = plain[i];
		if (plain[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
			out[n++] = ',';
	}
	out[n] = '\0';
}

void ctl_table_count(struct ctl_table *t, double count)
{
	char grouped[CTL_GROUPED];

	ctl_table_group(count, grouped);
	ctl_table_cell(t, "%s", grouped);
}

static const char *cell_at(const struct ctl_table *t, unsigned i)
{
	return t->cells.data + (size_t)i * CTL_TABLE_CELL;
}

void ctl_table_write(const struct ctl_table *t, struct buf *out)
{
	int width[CTL_TABLE_COLUMNS] = { 0 };

	if (t->cells.failed) {
		out->failed = true;
		return;
	}
	for (unsigned i = 0; i < t->n_cells; i++) {
		int len = (int)strlen(cell_at(t, i));

		width[i % t->n_columns] =
			len > width[i % t->n_columns] ? len : width[i % t->n_columns];
	}
	for (unsigned i = 0; i < t->n_cells; i++) {
		unsigned column = i % t->n_columns;
		bool is_last = column + 1 == t->n_columns;
		int pad = t->is_right[column] ? width[column] : is_last ? 0 : -width[column];

		buf_printf(out, "%*s%s", pad, cell_at(t, i), is_last ? "\n" : "  ");
	}
}
