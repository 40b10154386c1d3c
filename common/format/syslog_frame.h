#ifndef WEIR_COMMON_SYSLOG_FRAME_H
#define WEIR_COMMON_SYSLOG_FRAME_H
/*
 * Where a syslog message ends in a stream of bytes, as RFC 6587 has it: "LEN SP MSG", or MSG and a
 * line feed. The first byte of each frame tells the two apart. Pure.
 */
#include <stdbool.h>

#include "common/format/format_body.h"

enum syslog_frame_result {
	SYSLOG_FRAME_WHOLE,
	SYSLOG_FRAME_PARTIAL, /* more bytes are needed */
	SYSLOG_FRAME_LONG     /* it is longer than max_bytes: skip n_skip bytes, or a line */
};

struct syslog_frame {
	struct format_slice message; /* borrowed; its line end is not part of it; len 0: none */
	size_t n_taken;              /* bytes that are done with */
	uint64_t n_skip;             /* LONG: bytes to throw away; 0: all up to a line feed */
	bool is_counted;             /* its length was given */
};

/*
 * Looks at the first frame. `was_counted`: so was the frame before it, so that digits and a space
 * are a length whatever follows them; otherwise '<' must follow. `is_end`: no more bytes will come,
 * which ends a line. n_scanned bytes are known to hold no line feed.
 */
enum syslog_frame_result syslog_frame_read(const char *data, size_t len, size_t n_scanned,
					   size_t max_bytes, bool was_counted, bool is_end,
					   struct syslog_frame *frame);

/* The bytes that go before this message in a body, so that its end is found again: "84 " or none. */
#define SYSLOG_FRAME_PREFIX 24
size_t syslog_frame_prefix(const char *message, size_t len, char out[SYSLOG_FRAME_PREFIX]);

#endif
