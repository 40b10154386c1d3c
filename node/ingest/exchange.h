#ifndef WEIR_NODE_EXCHANGE_H
#define WEIR_NODE_EXCHANGE_H
/*
 * The requests of a connection: read, handed on as packets, and answered in their order.
 *
 * An exchange is a request and its answer. Requests may be pipelined: exchanges stand in a queue,
 * and an answer goes out when those before it have gone.
 *
 *   bytes -> exchange_feed -> on_packet ... exchange_accept, exchange_refuse -> exchange_render
 *
 * Nothing here knows sockets: whoever owns a struct requests feeds it, writes what it renders, and
 * closes the connection when `no_more` and `close_reason` say so.
 */
#include "common/http/http_reader.h"
#include "common/net/net.h"
#include "node/ingest/conn_shared.h"
#include "node/ingest/request_form.h"

#define EXCHANGE_MAX_PIPELINED 64

struct requests;

struct exchange {
	struct exchange *next;
	struct requests *requests; /* NULL: the connection is gone, free it instead of answering */
	bool is_done;              /* `answer` may go out */
	bool ends;                 /* the connection closes after this answer */
	uint32_t token_wait_s;     /* 429: as token_guard_judge says; else 0 */
	/* Of a packet that came in no request: is told its fate once, and with a refusal takes the
	 * packet back. NULL: of a request. */
	void (*on_fate)(struct exchange *x, struct packet *p, enum refusal refusal);
	struct answer answer;
};

struct requests {
	struct conn_shared *shared; /* borrowed */
	struct conn_dirty dirty;    /* it has answers to write */
	struct net_addr peer;       /* who sends them, as a trusted proxy says, if there is one */
	struct net_addr proxy;      /* is_proxied: the proxy itself */
	const char *client_name;    /* of its verified certificate; borrowed; NULL: none */
	uint8_t token;              /* that the certificate stands for: its slot + 1; 0: none */
	bool is_proxied;            /* the connection comes from a trusted proxy */
	bool awaits_proxy_header;   /* it may begin with one */
	bool has_proxy_header;      /* it did: X-Forwarded-For says nothing more */
	struct http_reader reader;
	struct packet *packet;    /* being read */
	unsigned n_hops;          /* of it: deliveries between nodes so far */
	struct request_form form; /* what it should be */
	struct exchange *reading; /* its request is not whole yet; also in the queue */
	struct exchange *first, **tailp;
	unsigned n_exchanges;
	uint32_t n_begun;             /* requests whose header section was whole */
	enum conn_close close_reason; /* why the connection closes when the last answer is out */
	bool no_more;                 /* no further request is read */
	bool is_http2;      /* the client has begun to speak HTTP/2: exchange_h2.h goes on */
	bool is_stream;     /* of HTTP/2: part of a struct h2_stream */
	uint8_t grpc;       /* enum grpc_method: the stream is a call */
	bool owes_continue; /* the client waits for 100 Continue; due when all answers before it are
			       out */
	bool is_bulky;      /* the last body was large: of the next request no more than the header
			       section goes through the scratch */
	struct exchange *delayed; /* the last answer, held back: too many wrong tokens came */
};

void exchange_init(struct requests *rs, struct conn_shared *shared, const struct net_addr *peer);
/* The connection is gone. Exchanges whose packets are on their way are freed when the fate is
 * known. */
void exchange_abandon_all(struct requests *rs);

/* A request that was begun is read to its end, whatever comes after it. */
static inline bool exchange_may_read(const struct requests *rs)
{
	return rs->reading || (!rs->no_more && rs->n_exchanges < EXCHANGE_MAX_PIPELINED);
}

/* Reads as many requests as there is room for. Returns how many of the bytes it took; -ENOMEM. */
ssize_t exchange_feed(struct requests *rs, const char *data, size_t len) MUST_CHECK;
/*
 * The request being read, or what was to become one, is refused, and nothing more is read. A
 * request that was refused already keeps its answer. -ENOMEM.
 */
int exchange_refuse_and_end(struct requests *rs, enum refusal refusal,
			    enum conn_close reason) MUST_CHECK;
/* The only request is whole, and its packet on its way: it is answered with this refusal now, and
 * nobody waits for the fate of the packet. Nothing is done if it has its answer. -ENOMEM. */
int exchange_let_go(struct requests *rs, enum refusal refusal) MUST_CHECK;
/* The last answer has been held back for long enough. */
void exchange_release(struct requests *rs);
/* Appends the answers whose turn it is. True: the last of them ends the connection. */
bool exchange_render(struct requests *rs, struct buf *out);

/* The fate of a packet whose exchange waits. The packet stays the caller's. */
void exchange_accept(struct conn_shared *shared, const struct packet *p, const char *analyzer);
void exchange_refuse(struct conn_shared *shared, struct exchange *x, enum refusal refusal);
/* The same for an exchange with on_fate, which takes the packet. */
void exchange_give_back(struct conn_shared *shared, struct packet *p, enum refusal refusal);

#endif
