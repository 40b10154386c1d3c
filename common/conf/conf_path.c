#include "common/conf/conf_path.h"

#include <string.h>

/* The files that values came from, the last first; for conf_path_of. */
static struct from_file {
	const struct conf_option *option;
	char *path; /* owned */
	struct from_file *next;
} * all_from_files;

int conf_path_remember(const struct conf_option *option, const char *path)
{
	const char *before = conf_path_of(option);
	struct from_file *f;

	if (before && strcmp(before, path) == 0)
		return 0;
	f = malloc(sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct from_file){ option, strdup(path), all_from_files };
	if (!f->path) {
		free(f);
		return -ENOMEM;
	}
	all_from_files = f;
	return 0;
}

const char *conf_path_of(const struct conf_option *option)
{
	const struct from_file *f = all_from_files;

	while (f && f->option != option)
		f = f->next;
	return f ? f->path : NULL;
}
