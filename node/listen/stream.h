#ifndef WEIR_NODE_STREAM_H
#define WEIR_NODE_STREAM_H
/*
 * A connection that sends messages without HTTP. What it sends is read into a buffer of its own, and
 * frame by frame out of it. A frame stays there until there is room for it, and meanwhile nothing
 * more is read: that is how a sender without acknowledgements is held.
 */
#include <event2/event_struct.h>

#include "node/ingest/conn_shared.h"
#include "node/listen/listen_shared.h"
#include "node/listen/source.h"
#include "node/listen/stream_tls.h"

struct forward;

#define STREAM_E_PARTIAL 1 /* more bytes are needed */
#define STREAM_E_HELD 2    /* there is no room for the frame now */
#define STREAM_E_CLOSE 3   /* nothing more can be read from it */

/* How the frames of a kind are read. */
struct stream_reader {
	/*
	 * Takes the first frame, and says how many bytes it had. A frame that is too long sets
	 * n_skip or skips_to. `is_end`: no more bytes will come. 0, STREAM_E_*.
	 */
	int (*take)(struct stream *s, const char *data, size_t len, bool is_end, size_t *n_takenp);
	int (*begin)(struct stream *s); /* NULL: nothing to do. -ENOMEM */
	int skips_to;                   /* the byte that ends a frame that is too long */
};

struct stream {
	struct stream *prev, *next; /* in one of the lists */
	struct stream *next_dirty;
	struct listen_shared *shared;
	const struct stream_reader *reader;
	struct source *source;
	enum listen_port port;
	struct net_addr peer;
	int fd;
	struct stream_tls tls;
	bool is_bounded; /* counted by its address */
	struct event read_event, write_event;
	struct buf in, out;
	size_t n_charged;
	size_t n_large;   /* of large_bytes */
	size_t n_scanned; /* bytes of the first frame that have been looked at */
	uint64_t n_skip;  /* bytes of a frame that is too long */
	bool is_skipping; /* up to the byte that ends a frame */
	bool is_held, has_ended, is_dirty;
	bool has_said_end;  /* is_ending: its sender was told */
	bool was_counted;   /* syslog: the length of the last frame was given */
	uint64_t active_us; /* when it sent something */
	uint64_t frame_us; /* since when a part of a frame is there, without the time it was held */
	uint64_t held_us;  /* is_held: the time from here on is not counted */
	uint64_t short_us; /* since when memory is lacking for its frame; 0: it is not */
	uint64_t write_us; /* since when it does not read what it is sent */
	uint64_t ends_us;  /* is_ending: since then; 0: it has not been told */
	struct parcel *waits_for;
	struct forward *forward; /* owned; NULL: it is of another kind */
};

/* Takes fd. NULL: no memory. */
struct stream *stream_new(struct listen_shared *s, enum listen_port port,
			  const struct stream_reader *reader, int fd, const struct net_addr *peer);
void stream_close(struct stream *s, enum conn_close reason);
/* It may go on: there is room, or it has been told to end. May close it. */
void stream_advance(struct stream *s);
/* Looks at its deadlines. May close it. */
void stream_sweep(struct stream *s);
/* What is to be written is. May close it. */
void stream_flush(struct stream *s);
/* It is to be read to the end of a frame. May close it. */
void stream_end(struct stream *s);
void stream_mark_dirty(struct stream *s);
/* To write an answer into, at once: it leaves at the end of the turn. */
struct buf *stream_out(struct stream *s);

/* It has a chunk of this sender: it is acknowledged. */
void stream_wait_for(struct stream *s, struct parcel *p);

#endif
