#include "registry/ctl/ctl_out.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/printable.h"

#define MAX_CHARACTER 4 /* bytes */

/* The beginning of a character whose rest has not come yet. There is one stdout. */
static char begun[MAX_CHARACTER];
static size_t n_begun;

/* Bytes at the end of the text that may be the beginning of a character. */
static size_t unfinished(const char *text, size_t len)
{
	for (size_t n = 1; n < MAX_CHARACTER && n <= len; n++) {
		unsigned char c = (unsigned char)text[len - n];

		if (c >= 0xc2 && c <= 0xf4)
			return n < (c < 0xe0 ? 2u : c < 0xf0 ? 3u : 4u) ? n : 0;
		if (c < 0x80)
			break;
	}
	return 0;
}

/* Unlike write_all it lets a signal end the wait for a terminal that is stopped. */
static int write_out(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static ssize_t write_shown(void *cookie, const char *text, size_t len)
{
	CLEANUP(buf_deinit) struct buf all = { 0 }, shown = { 0 };
	size_t n_left;
	int r;

	(void)cookie;
	buf_append(&all, begun, n_begun);
	buf_append(&all, text, len);
	n_left = all.failed ? 0 : unfinished(all.data, all.len);
	printable_append(&shown, all.data, all.len - n_left, "\n\t");
	r = all.failed || shown.failed ? -ENOMEM : write_out(shown.data, shown.len);
	if (r != 0) {
		errno = -r;
		return 0; /* stdio takes it for an error */
	}
	n_begun = n_left;
	memcpy(begun, all.data + all.len - n_left, n_left);
	return (ssize_t)len;
}

int ctl_out_start(void)
{
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_shown });

	if (!out)
		return -ENOMEM;
	if (isatty(STDOUT_FILENO))
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
	stdout = out;
	return 0;
}

void ctl_out_as_is(const char *bytes, size_t len)
{
	if (fflush(stdout) == 0 && write_out(bytes, len) != 0)
		putchar('\n'); /* the next write fails as well, and is looked at */
}
