#ifndef WEIR_NODE_BATCH_H
#define WEIR_NODE_BATCH_H
/*
 * The packets that leave for an analyzer in one POST or call, from where they are: its headers, the parts
 * of its body, and what its outcome means. Requests as they came are written by batch_request.h, calls of gRPC by
 * batch_call.h.
 */
#include "common/codec/codec_pack.h"
#include "common/grpc/grpc_frame.h"
#include "node/packet/packet_form.h"
#include "node/send/sender.h"

struct lane;

enum delivery_outcome {
	OUTCOME_OK,
	OUTCOME_BAD,     /* 400, 413, 415, 422: the packet is at fault */
	OUTCOME_BUSY,    /* 429, 503 */
	OUTCOME_STATUS,  /* any other status */
	OUTCOME_CONNECT, /* no connection */
	OUTCOME_TIMEOUT,
	OUTCOME_BROKEN, /* the connection broke before the answer */
	OUTCOME_LOOP,   /* 508: it has been there before */
	DELIVERY_OUTCOMES
};
/* Of failures, for log and metrics; NULL for OUTCOME_OK. */
extern const char *const delivery_outcome_names[DELIVERY_OUTCOMES];

/* What a batch leaves as. */
enum batch_kind {
	BATCH_JSON,    /* packets in their JSON form, in a POST */
	BATCH_REQUEST, /* one packet as its request came */
	BATCH_DELIVER, /* packets in a call of weir.v1.Analyzer/Deliver */
	BATCH_EXPORT   /* one packet of OTLP in a call of LogsService/Export */
};

#define BATCH_HEADER_BYTES 576
#define BATCH_LINES_BYTES 160 /* of an analyzer; longer ones are written elsewhere */
#define BATCH_FEW_PACKETS 4   /* parts for up to this many need no allocation */

/* Who delivers: in each delivery. */
struct batch_origin {
	const char *node_id;
	const char *pool;  /* and the mark of the process: "default/5e1f0a3b" */
	const char *lines; /* what batch_origin_lines makes of these */
};

#define BATCH_ORIGIN_BYTES 224
/* The lines of a packet that came from an agent; "": they do not fit. */
void batch_origin_lines(const char *node_id, const char *pool, char out[BATCH_ORIGIN_BYTES]);

struct batch {
	struct transfer transfer;
	enum batch_kind kind;
	struct lane *lane;  /* borrowed */
	unsigned instance;  /* the lane's n_instances when it was started */
	struct batch *next; /* in the lane's list of halves to be sent */
	bool is_half;       /* of one that was refused */
	bool is_full;       /* no packet more would have fit */
	bool is_suspect;    /* one packet, which has failed before: it may be at fault itself */
	bool began_well; /* the breaker was closed when it was started, and the health probe fine */
	struct packet_queue packets;
	uint32_t n_messages;
	size_t n_bytes;   /* of its packets, as they are delivered */
	uint32_t attempt; /* of the packet that was tried most often */
	char headers[BATCH_HEADER_BYTES];
	char *long_headers; /* owned; of packets that need more than `headers` has; NULL: these do */
	char *url;          /* owned; the lane's when it left, or that of a request as it came */
	char *packed;       /* owned; the body by gzip; NULL: it is not packed */
	char *made; /* owned; of a call: what stands between bodies, or OTLP as protobuf; NULL: none */
	char prefix[GRPC_PREFIX_BYTES]; /* of a call's message */
	struct iovec *parts;            /* of the body; `few`, or owned */
	struct iovec few[2 * BATCH_FEW_PACKETS + 1];
};

/* NULL: out of memory. */
struct batch *batch_new(struct lane *lane);
/* Its packets must have been taken out. */
void batch_free(struct batch *b);
/* Takes the packet. */
void batch_add(struct batch *b, struct packet *p);

/* How a batch leaves; borrowed. */
struct batch_style {
	enum analyzer_accepts accepts;
	const struct batch_origin *origin;
	const char *lines; /* of headers that the analyzer wants, such as a token; "": none */
	size_t lines_len;
	struct codec_pack *pack; /* packs the body; NULL: it leaves as it is */
	struct memory *memory;   /* for the JSON forms of packets */
};

/*
 * The packets' JSON forms, in an array where the analyzer takes batches; and the headers. Fills in the
 * transfer's parts and headers. -ENOMEM; FORMAT_E_*: a packet has no JSON form.
 */
int batch_write(struct batch *b, const struct batch_style *style) MUST_CHECK;

#define BATCH_PACKED_LINE "Content-Encoding: gzip\r\n"
/* Packs the transfer's parts, where the analyzer takes that. The headers need BATCH_PACKED_LINE then. */
int batch_pack(struct batch *b, const struct batch_style *style) MUST_CHECK;

/* Appends the headers of every delivery but those that tell of its body. format: its name; NULL: not said. */
void batch_put_lines(struct buf *out, const struct batch *b, const struct batch_style *style,
		     const char *format);
/* Takes the lines, which become those of the transfer. -ENOMEM: they could not be written. */
int batch_take_headers(struct batch *b, struct buf *lines) MUST_CHECK;
/* Makes room for n parts. -ENOMEM. */
int batch_reserve_parts(struct batch *b, size_t n_parts) MUST_CHECK;
/* Fills in the transfer's parts: the first n of the batch. */
void batch_set_parts(struct batch *b, size_t n_parts);
/* The JSON forms of all its packets. -ENOMEM, FORMAT_E_*. */
int batch_make_json(const struct batch *b, struct memory *memory) MUST_CHECK;

/* One more, for each of its packets. */
void batch_count_attempt(struct batch *b);

/* What a final status says. */
enum delivery_outcome batch_status_outcome(int status);
/* What the end of a transfer says. */
enum delivery_outcome batch_outcome(const struct transfer *t);

#endif
