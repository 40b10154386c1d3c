/* A file gives its lines as memchr finds them, without their ends and without empty ones, over and over. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loadgen/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ROUNDS 2

static void check(struct lines *lines, const char *wanted, size_t n_wanted)
{
	const char *line;
	size_t n;
	int r = lines_next(lines, &line, &n);

	assert(r == 0 && n == n_wanted && memcmp(line, wanted, n) == 0);
}

/* How many lines it has. */
static unsigned check_round(struct lines *lines, const char *data, size_t len)
{
	const char *at = data, *end = data + len;
	unsigned n_lines = 0;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at)), *stop = lf ? lf : end;
		size_t n = (size_t)(stop - at);

		if (n > 0 && at[n - 1] == '\r')
			n--;
		if (n > 0) {
			check(lines, at, n);
			n_lines++;
		}
		at = lf ? lf + 1 : end;
	}
	return n_lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("lines", MFD_CLOEXEC), r;
	struct lines *lines = NULL;
	char path[64];
	const char *line;
	size_t n;

	assert(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = lines_new(&lines, path);
	assert(r == 0);
	for (int i = 0; i < ROUNDS; i++)
		if (check_round(lines, (const char *)data, len) == 0) {
			assert(lines_next(lines, &line, &n) == LINES_E_END);
			break;
		}
	lines_free(lines);
	close(fd);
	return 0;
}
