#ifndef WEIR_NODE_LISTEN_SHARED_H
#define WEIR_NODE_LISTEN_SHARED_H
/*
 * What the listeners of one worker share: limits, the sources of messages, and how much of what was
 * read has no fate yet. While that is more than the window, or a packet was refused, nothing more is
 * read: senders over TCP are held, and the kernel drops datagrams and counts them.
 */
#include <event2/event.h>
#include <stdatomic.h>

#include "common/codec/codec.h"
#include "common/metrics/metrics.h"
#include "common/net/net.h"
#include "node/http/refusal.h"
#include "node/listen/listen_port.h"
#include "node/packet/packet.h"

struct address_bound;
struct net_allow;
struct tls_context;
struct refused;
struct parcel;
struct source;
struct stream;

struct listen_config {
	struct event_base *base;       /* borrowed, as all of these */
	struct metrics_shard *metrics; /* of this worker, as the next two */
	struct memory *memory;
	struct refused *refused;
	struct address_bound *bound;     /* of the whole node, as the next two */
	const struct net_allow *proxies; /* trusted, so not bounded; borrowed; NULL: none */
	_Atomic unsigned *n_connections; /* agents over HTTP included */
	unsigned max_connections;
	unsigned n_own_descriptors; /* of the process, that agents do not get */
	uint64_t max_body_bytes;
	uint64_t window_bytes; /* without a fate, of this worker */
	uint64_t idle_us, frame_us, write_us;
	uint64_t greet_us;       /* for a handshake */
	struct tls_context *tls; /* of the TLS ports; borrowed; NULL: there is none */
	/* The shared key of the forward protocol is the first that is not NULL; both may change. */
	char *const *keyp, *const *tokenp;
	const char *host;      /* the name of this node, for the forward protocol */
	int fds[LISTEN_PORTS]; /* taken; -1: that socket is not wanted */
	/* Takes a packet with an exchange that has on_fate. */
	void (*on_packet)(void *arg, struct packet *packet);
	void *arg;
};

#define LISTEN_SOURCES_MOST 4096 /* of one worker */
#define LISTEN_BUCKETS 1024

struct stream_list {
	struct stream *first;
	unsigned n;
};

struct listen_shared {
	struct listen_config config;
	struct codec *codec;
	uint64_t now_us;      /* of this turn of the loop */
	uint64_t greeting_us; /* that handshakes took in this turn */
	struct source *sources[LISTEN_BUCKETS];
	unsigned n_sources;
	struct source *first_open, *last_open; /* those with an open group, oldest first */
	struct event *group_timer;             /* pending while there is an open group */
	struct parcel *again, **againp;        /* refused, to be tried again */
	unsigned n_again;
	size_t held_bytes; /* that packets without a fate take */
	unsigned n_parcels;
	struct stream_list reading, held; /* connections */
	unsigned n_streams[LISTEN_PORTS];
	/* Of frames that are not whole. One of them may become as long as it may; the others share a
	 * part of the window. So there is always one that gets on. */
	struct stream *large; /* whose; NULL: none is long */
	size_t large_bytes;   /* of all, beyond what each connection may have */
	struct stream *dirty; /* those with something to write */
	bool may_resume;      /* there is more room than before */
	bool is_ending;       /* connections are read to the end of a frame, and closed */
};

int listen_shared_init(struct listen_shared *s, const struct listen_config *config) MUST_CHECK;
void listen_shared_deinit(struct listen_shared *s);

/* Nothing more should be read now. */
static inline bool listen_is_full(const struct listen_shared *s)
{
	return s->n_again > 0 || s->held_bytes >= s->config.window_bytes;
}

void listen_drop(struct listen_shared *s, enum listen_port port, enum listen_drop reason,
		 uint64_t n_messages);
/* The same for one message that is at fault itself. It counts as a request that was refused does: log,
 * event and weirctl name the reason and its sender. */
void listen_refuse(struct listen_shared *s, enum listen_port port, enum listen_drop reason,
		   const struct net_addr *peer);

#endif
