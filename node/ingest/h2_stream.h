#ifndef WEIR_NODE_H2_STREAM_H
#define WEIR_NODE_H2_STREAM_H
/*
 * One stream of an HTTP/2 connection: a struct requests with one request, which gets the text of a
 * request of HTTP/1.1, and the answer until the client has taken it. Knows nothing of frames.
 */
#include "common/h2/h2_answer.h"
#include "node/ingest/exchange.h"
#include "node/ingest/grpc_call.h"

/* Each state is a list, oldest first. */
enum h2_stream_state {
	H2_STREAM_READING,   /* its request is not whole; 408 after body */
	H2_STREAM_WAITING,   /* for its answer */
	H2_STREAM_WATCHING,  /* it is told of each change of the node's health */
	H2_STREAM_ANSWERING, /* the client takes the answer, within write */
	H2_STREAM_LINGERING, /* it has the answer, and still sends: some clients lose the answer to a
				reset that comes at once */
	H2_STREAM_STATES
};

struct h2_stream_list {
	struct h2_stream *first, *last;
};

struct h2_streams {
	struct requests *connection; /* borrowed: whose they are */
	struct h2_stream_list lists[H2_STREAM_STATES];
	unsigned n;
	uint64_t next_deadline_us; /* no deadline of a call is before it */
};

struct h2_stream {
	struct requests requests;
	struct h2_streams *all;
	struct h2_stream *prev, *next; /* in the list of its state */
	int32_t id;
	enum h2_stream_state state;
	uint64_t since_us;
	bool is_given_up;       /* its reset is under way */
	bool is_chunked;        /* the length of its body was not announced */
	bool is_watch;          /* it counts for the bound of watches */
	struct grpc_call *call; /* owned; NULL: it is no call of gRPC */
	struct h2_answer answer;
	size_t n_charged_bytes;
};

/* NULL: out of memory, or memory-max is reached. */
struct h2_stream *h2_stream_new(struct h2_streams *all, int32_t id);
void h2_stream_free(struct h2_stream *s);
static inline struct h2_stream *h2_stream_of(struct requests *rs)
{
	return (struct h2_stream *)((char *)rs - offsetof(struct h2_stream, requests));
}

/* All -ENOMEM. What comes behind the end of a request that was refused is dropped. */
int h2_stream_take_head(struct h2_stream *s, const struct h2_head *head, bool has_body) MUST_CHECK;
int h2_stream_take_body(struct h2_stream *s, const char *data, size_t len) MUST_CHECK;
int h2_stream_take_end(struct h2_stream *s) MUST_CHECK;
/* It is not whole, and is refused. */
int h2_stream_refuse(struct h2_stream *s, enum refusal refusal, enum conn_close reason) MUST_CHECK;

/* H2_STREAM_WATCHING: nothing more is told, but the rest and the status. */
void h2_stream_end_watch(struct h2_stream *s);
/* The deadline of a call has passed: it is refused, whatever becomes of its packet. */
int h2_stream_expire(struct h2_stream *s) MUST_CHECK; /* -ENOMEM */

/*
 * What is to be sent now is in s->answer: an interim answer (1xx), or the answer, and the state says so.
 * False: nothing; or there is no memory for it, and s->answer.text.failed.
 */
bool h2_stream_answer(struct h2_stream *s);
/* The answer is out, and the request was not whole. */
void h2_stream_linger(struct h2_stream *s);

#endif
