#ifndef WEIR_NODE_FORWARD_FRAME_H
#define WEIR_NODE_FORWARD_FRAME_H
/* What the forward protocol says around the events of one frame. Pure. */
#include <stdbool.h>

#include "common/err.h"
#include "common/format/format_body.h"

#define FORWARD_FRAME_E_SYNTAX 1
#define FORWARD_CHUNK_MOST 1024 /* bytes of its name; agents have 24 */

struct forward_frame {
	struct format_slice tag; /* borrowed, as all of these */
	struct format_slice
		packed; /* events in bytes; len 0: the frame has them otherwise, or none */
	struct format_slice
		events; /* behind each other, as they are not compressed; len 0: one alone */
	struct format_slice chunk; /* what its acknowledgement must name; len 0: it wants none */
	bool is_compressed;        /* `packed` is, by gzip or zstd */
};

int forward_frame_read(const char *data, size_t len, struct forward_frame *frame) MUST_CHECK;

#endif
