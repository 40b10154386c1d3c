#include "common/format/syslog_frame.h"

#include <stdio.h>
#include <string.h>

#include "common/err.h"

#define MAX_DIGITS 10

enum count_result {
	COUNT_NONE,    /* the frame is a line */
	COUNT_PARTIAL, /* it begins as a length does */
	COUNT_FOUND
};

/* "84 <": its digits, and where the message begins. */
static enum count_result read_count(const char *data, size_t len, bool was_counted, bool is_end,
				    uint64_t *countp, size_t *n_headp)
{
	uint64_t count = 0;
	size_t n = 0;

	while (n < len && n < MAX_DIGITS && data[n] >= '0' && data[n] <= '9')
		count = 10 * count + (uint64_t)(data[n++] - '0');
	if (n == 0 || data[0] == '0')
		return COUNT_NONE;
	if (n == len)
		return is_end || n == MAX_DIGITS ? COUNT_NONE : COUNT_PARTIAL;
	if (data[n] != ' ')
		return COUNT_NONE;
	*countp = count;
	*n_headp = n + 1;
	if (was_counted)
		return COUNT_FOUND;
	if (n + 1 == len)
		return is_end ? COUNT_NONE : COUNT_PARTIAL;
	return data[n + 1] == '<' ? COUNT_FOUND : COUNT_NONE;
}

static bool is_line_end(char byte)
{
	return byte == '\n' || byte == '\r' || byte == '\0';
}

/* Without what ends lines. */
static struct format_slice trim(const char *data, size_t len)
{
	while (len > 0 && is_line_end(data[len - 1]))
		len--;
	return (struct format_slice){ data, len };
}

static enum syslog_frame_result read_line(const char *data, size_t len, size_t n_scanned,
					  size_t max_bytes, bool is_end, struct syslog_frame *frame)
{
	size_t from = n_scanned < len ? n_scanned : len;
	const char *stop = len ? memchr(data + from, '\n', len - from) : NULL;
	size_t n = stop ? (size_t)(stop - data) : len;

	if (n > max_bytes)
		return SYSLOG_FRAME_LONG;
	if (!stop && !is_end)
		return SYSLOG_FRAME_PARTIAL;
	frame->message = trim(data, n);
	frame->n_taken = stop ? n + 1 : n;
	return SYSLOG_FRAME_WHOLE;
}

enum syslog_frame_result syslog_frame_read(const char *data, size_t len, size_t n_scanned,
					   size_t max_bytes, bool was_counted, bool is_end,
					   struct syslog_frame *frame)
{
	uint64_t count = 0;
	size_t n_head = 0;

	*frame = (struct syslog_frame){ 0 };
	if (len && is_line_end(data[0])) { /* what follows a counted message, or an empty line */
		frame->n_taken = 1;
		return SYSLOG_FRAME_WHOLE;
	}
	switch (read_count(data, len, was_counted, is_end, &count, &n_head)) {
	case COUNT_NONE:
		return read_line(data, len, n_scanned, max_bytes, is_end, frame);
	case COUNT_PARTIAL:
		return SYSLOG_FRAME_PARTIAL;
	case COUNT_FOUND:
		break;
	}
	frame->is_counted = true;
	if (count > max_bytes) {
		frame->n_skip = n_head + count;
		return SYSLOG_FRAME_LONG;
	}
	if (count > len - n_head)
		return SYSLOG_FRAME_PARTIAL;
	frame->message = trim(data + n_head, (size_t)count);
	frame->n_taken = n_head + (size_t)count;
	return SYSLOG_FRAME_WHOLE;
}

size_t syslog_frame_prefix(const char *message, size_t len, char out[SYSLOG_FRAME_PREFIX])
{
	bool is_line = len > 0 && message[0] == '<' && !memchr(message, '\n', len);

	return is_line ? 0 : (size_t)snprintf(out, SYSLOG_FRAME_PREFIX, "%zu ", len);
}
