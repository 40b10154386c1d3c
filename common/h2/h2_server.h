#ifndef WEIR_COMMON_H2_SERVER_H
#define WEIR_COMMON_H2_SERVER_H
/*
 * A connection of HTTP/2 as its server sees it: what nghttp2 tells of frames that came becomes requests,
 * and what floods ends. Knows neither sockets nor what becomes of a request.
 *
 *   bytes -> h2_server_feed -> nghttp2 -> ops
 *   h2_answer_submit -> nghttp2 -> h2_server_render -> bytes
 */
#include <nghttp2/nghttp2.h>

#include "common/h2/h2_budget.h"
#include "common/h2/h2_head.h"

#define H2_MAX_STREAMS 100
/* Of a header section that is coming. One so short may be answered, if only that there is no memory. */
#define H2_SHORT_HEAD_BYTES 4096

/* How far its end is. */
enum h2_stage {
	H2_OPEN,
	H2_LAST_CALL, /* the client was told to send no more requests; those on their way are taken */
	H2_CLOSING    /* none is taken any more; it ends with its last stream */
};

/* Why it cannot go on. */
enum h2_failure { H2_NO_MEMORY, H2_FLOOD, H2_NOT_HTTP2 };

struct h2_server;

/* `stream` is what on_begin has made. */
struct h2_server_ops {
	/* A request begins. NULL: it is not taken now, and the client may send it again. */
	void *(*on_begin)(struct h2_server *h, int32_t id);
	/* Its header section is whole: h->head, until this returns. */
	void (*on_head)(struct h2_server *h, void *stream, bool has_body);
	void (*on_body)(struct h2_server *h, void *stream, const char *data, size_t len);
	void (*on_end)(struct h2_server *h, void *stream);
	/* The answer is out, and the request goes on coming. */
	void (*on_answered_early)(struct h2_server *h, void *stream);
	void (*on_close)(struct h2_server *h, void *stream); /* the last that is heard of it */
	/* The header section that is coming needs n_bytes more. False: there is no room for them. */
	bool (*on_charge)(struct h2_server *h, size_t n_bytes);
	/* It gives back what it had. */
	void (*on_discharge)(struct h2_server *h, size_t n_bytes);
	/* It wants to write. */
	void (*on_due)(struct h2_server *h);
	/* It ends for that; of a flood the kind of frame is named. */
	void (*on_failure)(struct h2_server *h, enum h2_failure failure, const char *frame);
};

struct h2_server {
	const struct h2_server_ops *ops; /* borrowed, with the next */
	const uint64_t *now_us;          /* the time of this turn of the loop */
	uint32_t max_head_bytes;         /* of a header section */
	nghttp2_session *session;
	struct h2_head head; /* of the request whose header section is coming */
	int32_t head_id;     /* its stream; 0: none is coming, or it is not taken */
	size_t n_head_bytes; /* charged for it */
	struct h2_budget budget;
	size_t n_unpacked; /* bytes of header sections that were not paid for yet */
	enum h2_stage stage;
	uint64_t last_call_us;
	int32_t last_begun; /* the highest stream that the client has begun */
	/* Streams between these two were left out at last, and so they are closed: RFC 9113, 5.1.1. */
	int32_t left_out_from, left_out_to;
	bool has_settings; /* the client's first frame has come */
	bool is_in_head;   /* a header section has begun, and is not whole */
	bool is_flooded;
	bool is_broken; /* there was no memory for its last word: it is closed without one */
};

/* What is above `session` is the caller's, and the rest zero. mem: NULL: the allocator of C. -ENOMEM;
 * h2_server_deinit follows in any case. */
int h2_server_start(struct h2_server *h, nghttp2_mem *mem) MUST_CHECK;
/* No stream is told of its end. */
void h2_server_deinit(struct h2_server *h);

/* Takes all bytes. False: the connection is to be closed at once. */
bool h2_server_feed(struct h2_server *h, const char *data, size_t len) MUST_CHECK;
/* Appends frames that are due, until `out` has max_bytes or a little more. False: as above. */
bool h2_server_render(struct h2_server *h, struct buf *out, size_t max_bytes) MUST_CHECK;
/* All is written, and nothing more is to come. */
bool h2_server_is_over(const struct h2_server *h, bool has_streams);

/* Says that no more requests are taken: first that it will be so, and at a call after a second that it is.
 * True: it is so from now on. */
bool h2_server_shut_down(struct h2_server *h);
/* Takes no more requests from now on. False: it did not before. */
bool h2_server_stop(struct h2_server *h);
/* Ends it with an error code of HTTP/2 as its last word. */
void h2_server_end(struct h2_server *h, uint32_t code);
void h2_server_reset(struct h2_server *h, int32_t id, uint32_t code);

#endif
