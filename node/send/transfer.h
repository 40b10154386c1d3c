#ifndef WEIR_NODE_TRANSFER_H
#define WEIR_NODE_TRANSFER_H
/*
 * One HTTP request to an analyzer, or one call of gRPC, and what became of it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define TRANSFER_MAX_RETRY_AFTER_S 30

enum transfer_result {
	TRANSFER_ANSWERED, /* there is a status */
	TRANSFER_CONNECT,  /* no connection, so it was not sent */
	TRANSFER_TIMEOUT,  /* sent, or partly, and not answered in time */
	TRANSFER_BROKEN, /* anything else: cut, no HTTP, an endless answer, no memory, at the end */
	TRANSFER_RESULTS
};

/* The owner keeps it, and what it points to, until on_done has run. */
struct transfer {
	const char *url;
	/* where the URL is of gRPC: the path of the method. NULL: none is called */
	const char *method;
	const char *headers;       /* further lines, each ended by CRLF; NULL: none */
	const struct iovec *parts; /* of the body, which leaves from where they are; NULL: a GET */
	size_t n_parts, len;       /* len: of all parts */
	bool is_put;               /* PUT instead of POST */
	bool is_fresh;             /* no connection is used again for it */
	size_t keep_max;           /* bytes of an answer that are kept, also of other types than
				      JSON; 0: as http_response_keep */
	uint32_t connect_ms, timeout_ms; /* of connecting; of all of it */
	/* Runs exactly once for each start that returned 0, never from inside it. */
	void (*on_done)(struct transfer *t);

	enum transfer_result result;
	/* "" where ANSWERED, but of a call the words of its refusal: "UNAVAILABLE: the queue is full". Until
	 * on_done returns or starts another one. */
	const char *error;
	int status;             /* 0 while there is none */
	uint32_t retry_after_s; /* 0: not said */
	bool was_resent;        /* it met the close of an idle connection, and was sent once more */
	const char *said; /* the front of an answer that is no success; NULL: none; as error */
	size_t said_len;
	/* of a success, as http_response_keep has it, or the message that a call brought; NULL: none; as error */
	const char *json;
	size_t json_len;
	bool is_json_cut;  /* with keep_max: it is the front of what came, or of what was to come */
	bool is_json_long; /* is_json_cut: because no more of it would be read another time either */
	uint64_t started_us, ended_us;

	/* The sender's. */
	TAILQ_ENTRY(transfer) link; /* of those under way */
	struct pooled_conn *conn;   /* sender_plain's, as is the next one */
	uint64_t deadline_us;
	struct h2_request *request; /* sender_h2's */
};

TAILQ_HEAD(transfer_list, transfer);

/* Of the body: where its next byte is. */
struct transfer_place {
	size_t part, offset;
};

/* Copies the next bytes of the body; how many. */
size_t transfer_copy(const struct transfer *t, struct transfer_place *place, void *out,
		     size_t size);
/* All of it was copied. */
bool transfer_is_copied(const struct transfer *t, const struct transfer_place *place);

void transfer_begin(struct transfer *t);
/* It must be in no list of the sender any more. */
void transfer_end(struct transfer *t, enum transfer_result result, const char *error);
void transfer_take_answer(struct transfer *t, int status, int64_t retry_after_s);

#endif
