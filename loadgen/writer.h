#ifndef WEIR_LOADGEN_WRITER_H
#define WEIR_LOADGEN_WRITER_H
/*
 * Packets as agents write them: one writer for each format of common/format. A message of any
 * format but "json" says which it is, "ID-OF-PACKET/NUMBER", so that a reader of records can tell
 * whether each one arrived, and arrived once. Pure.
 */
#include "common/buf.h"
#include "common/format/format.h"

/* One message before it is written. */
struct message {
	const char *text; /* borrowed until the source is asked again */
	size_t len;
	bool is_plain; /* it is made up, and may stand in a JSON string as it is */
};

#define WRITER_TIME_SIZE 24

/* A packet while it is written, and what may be kept between packets. Zeroed: nothing yet. */
struct writing {
	struct buf *out; /* borrowed */
	const char *id;  /* of the packet; needs no escaping */
	uint32_t n;      /* messages so far */
	uint64_t ts_ms;  /* wall time, of all messages */
	char ts_text[WRITER_TIME_SIZE];
	size_t ts_len;
	struct buf scratch; /* owned */
};

struct writer {
	const char *path;     /* that agents send it to; NULL: it goes to a listener without HTTP */
	bool has_one_message; /* a body can hold no more */
	bool is_in_snappy; /* its agents always pack it in a block of snappy, and do not say so */
	void (*begin)(struct writing *w);
	void (*add)(struct writing *w, const struct message *m);
	void (*end)(struct writing *w);
};

const struct writer *writer_get(enum format_id format);

/* One packet into `out`, which is cleared. At least one message must follow. */
void writer_begin(const struct writer *writer, struct writing *w, struct buf *out, const char *id,
		  uint64_t ts_ms);
void writer_add(const struct writer *writer, struct writing *w, const struct message *m);
/* 0, -ENOMEM. */
int writer_end(const struct writer *writer, struct writing *w) MUST_CHECK;
void writing_deinit(struct writing *w);

#endif
