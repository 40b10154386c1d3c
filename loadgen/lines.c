#include "loadgen/lines.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lines {
	int fd;
	bool loops;   /* a file: starts again at its end; a read from anything else could block */
	bool any;     /* a line was found since the last rewind */
	bool ended;   /* a pipe's writer is gone */
	size_t start; /* of what is not handed out yet, in data */
	size_t end;   /* of what was read */
	char data[LINES_MAX_BYTES];
};

static int lines_open(struct lines *lines, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	struct stat st;

	lines->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			     : open(path, O_RDONLY | O_CLOEXEC);
	if (lines->fd < 0 || fstat(lines->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	lines->loops = !is_stdin && S_ISREG(st.st_mode);
	return 0;
}

int lines_new(struct lines **linesp, const char *path)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int r;

	if (!lines)
		return -ENOMEM;
	r = lines_open(lines, path);
	if (r) {
		lines_free(lines);
		return r;
	}
	*linesp = lines;
	return 0;
}

struct lines *lines_free(struct lines *lines)
{
	if (lines && lines->fd >= 0)
		close(lines->fd);
	free(lines);
	return NULL;
}

static int lines_rewind(struct lines *lines)
{
	if (!lines->loops || !lines->any) {
		lines->ended = true;
		return 0;
	}
	lines->any = false;
	return lseek(lines->fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* Room is made by moving what is left to the front; a full buffer never gets here. */
static int lines_fill(struct lines *lines)
{
	struct pollfd pollfd = { .fd = lines->fd, .events = POLLIN };
	ssize_t n;

	memmove(lines->data, lines->data + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	if (!lines->loops && poll(&pollfd, 1, 0) < 1)
		return LINES_E_LATER;
	n = read(lines->fd, lines->data + lines->end, sizeof(lines->data) - lines->end);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? LINES_E_LATER : -errno;
	lines->end += (size_t)n;
	return n ? 0 : LINES_E_END;
}

/* The next line, may be empty, without its LF. LINES_E_END: the data has to be filled first. */
static int lines_cut(struct lines *lines, bool at_end, const char **linep, size_t *lenp)
{
	size_t n_left = lines->end - lines->start;
	const char *line = lines->data + lines->start;
	const char *lf = memchr(line, '\n', n_left);

	if (!lf && n_left < sizeof(lines->data) && !(at_end && n_left))
		return LINES_E_END;
	*linep = line;
	*lenp = lf ? (size_t)(lf - line) : n_left;
	lines->start += *lenp + (lf ? 1 : 0);
	return 0;
}

int lines_next(struct lines *lines, const char **linep, size_t *lenp)
{
	bool at_end = false;
	int r;

	for (;;) {
		r = lines_cut(lines, at_end, linep, lenp);
		if (!r) {
			if (*lenp && (*linep)[*lenp - 1] == '\r')
				--*lenp;
			if (!*lenp)
				continue;
			lines->any = true;
			return 0;
		}
		if (at_end) {
			r = lines_rewind(lines);
			if (r)
				return r;
			at_end = false;
		}
		if (lines->ended)
			return LINES_E_END;
		r = lines_fill(lines);
		if (r == LINES_E_END)
			at_end = true;
		else if (r)
			return r;
	}
}
