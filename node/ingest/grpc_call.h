#ifndef WEIR_NODE_GRPC_CALL_H
#define WEIR_NODE_GRPC_CALL_H
/*
 * One call of gRPC on its stream: its method, its deadline, and what of its message has come. The
 * message of a packet goes on as it comes; that of a question about health is kept here.
 */
#include "common/grpc/grpc_health.h"
#include "common/h2/h2_head.h"
#include "node/ingest/grpc.h"
#include "node/packet/memory.h"

#define GRPC_QUESTION_BYTES 256 /* the longest message of a question */

struct grpc_call {
	struct grpc_frame frame;
	enum grpc_method method;
	bool is_announced;    /* grpc-encoding names a compression */
	bool is_malformed;    /* grpc-timeout is none */
	enum refusal refusal; /* that is still to be told */
	uint64_t deadline_us; /* UINT64_MAX: it has none */
	char question[GRPC_QUESTION_BYTES];
	size_t n_question;
	/* GRPC_WATCH: */
	bool is_started;               /* its header section is out */
	char told[GRPC_SERVING_BYTES]; /* the message that is on its way, or was sent last */
	size_t n_told;                 /* bytes of it that are out */
	enum grpc_serving serving;     /* what is to be told: the last byte of `told` if that is */
	enum grpc_code ends_with;      /* GRPC_OK: it goes on */
};

/* NULL: out of memory. `head` is a call's, and whole. */
struct grpc_call *grpc_call_new(const struct h2_head *head, uint64_t now_us);
/* Takes bytes of the stream from the front of *inputp: a refusal, or REFUSAL_NONE, and *bytesp is what
 * of them belongs to the packet, maybe nothing. Call it until *inputp is empty, or it refuses. */
enum refusal grpc_call_take(struct grpc_call *call, uint64_t max_bytes, struct http_slice *inputp,
			    struct http_slice *bytesp);
/* The stream has ended. REFUSAL_NONE: the call is whole, and in time. */
enum refusal grpc_call_end(struct grpc_call *call, struct memory *memory, uint64_t now_us);

#endif
