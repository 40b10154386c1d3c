#ifndef WEIR_COMMON_FRONT_STREAM_H
#define WEIR_COMMON_FRONT_STREAM_H
/*
 * One request of a connection of HTTP/2, and its answer until the client has taken it.
 *
 *   READING --whole--> WORKING --answer--> ANSWERING --> closed
 *      |                                    ^    |
 *      +--refused, or answered from memory--+    +--> LINGERING --> closed
 *
 * What a thread serves (front_work.h) outlives its stream: the client may give up, or its deadline may
 * pass.
 */
#include "common/front/front_work.h"
#include "common/h2/h2_answer.h"
#include "common/h2/h2_server.h"

enum front_stream_state {
	FRONT_STREAM_READING,
	FRONT_STREAM_WORKING,   /* a thread has it, or will */
	FRONT_STREAM_ANSWERING, /* the client takes the answer */
	FRONT_STREAM_LINGERING, /* it has the answer, and still sends */
	FRONT_STREAM_STATES
};

struct front_stream {
	TAILQ_ENTRY(front_stream) entry; /* of the list of its state, oldest first */
	struct front_h2 *h2;
	int32_t id;
	enum front_stream_state state;
	uint64_t since_us;
	uint64_t deadline_us; /* of a call; UINT64_MAX: it has none */
	bool is_settled;      /* READING: it has its answer, and is told when its request ends */
	bool is_given_up;     /* its reset is under way */
	enum front_way way;
	struct front_work *work; /* NULL: its request is nobody's business any more */
	uint64_t
		n_held_bytes; /* of itself, its header section and its answer: charged like a body */
	struct h2_answer answer;
};

TAILQ_HEAD(front_stream_list, front_stream);

struct front_h2 {
	struct front_conn *conn;
	void (*on_served)(
		struct front_conn *c); /* a request is back from its thread. It may close c */
	struct h2_server server;
	struct front_stream_list lists[FRONT_STREAM_STATES];
	struct front_work_list works; /* that the pool has */
	unsigned n;                   /* streams */
	unsigned n_works;
	uint64_t progress_us;   /* when the client last took something, or nothing waited for it */
	uint64_t head_since_us; /* a header section has been coming since then; 0: none is */
};

/* NULL: there are too many, or out of memory. */
struct front_stream *front_stream_new(struct front_h2 *h, int32_t id);
/* A request that a thread has is left to it. */
void front_stream_free(struct front_stream *s);

void front_stream_take_head(struct front_stream *s, const struct h2_head *head, bool has_body);
void front_stream_take_body(struct front_stream *s, const char *data, size_t len);
void front_stream_take_end(struct front_stream *s);
/* The answer is out, and the request is not whole. */
void front_stream_linger(struct front_stream *s);
/* Ends what took too long: a request that is not whole, a call whose deadline has passed, an answer that
 * is held back, a client that goes on sending. */
void front_stream_look(struct front_h2 *h);
/* Resets it, once. */
void front_stream_give_up(struct front_stream *s, uint32_t code);

#endif
