#include "common/file_check.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check(const char *path, int mode)
{
	struct stat st;

	if (access(path, mode) != 0)
		return -errno;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

int file_check_append(const char *path)
{
	char *copy AUTO_FREE = NULL;
	int r = check(path, W_OK);

	if (r != -ENOENT)
		return r;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	return access(dirname(copy), W_OK | X_OK) == 0 ? 0 : -errno;
}

int file_check_read(const char *path)
{
	return check(path, R_OK);
}
