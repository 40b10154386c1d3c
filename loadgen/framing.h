#ifndef WEIR_LOADGEN_FRAMING_H
#define WEIR_LOADGEN_FRAMING_H
/*
 * A packet as the listeners without HTTP get it, made of what a writer wrote:
 *
 *   syslog   tcp: lines                     udp: a datagram for each line
 *   gelf     tcp: objects that end in NUL   udp: a datagram for each object, or chunks of it
 *   forward  tcp: one frame in packed mode, whose chunk is the id of the packet
 *
 * Datagrams stand behind each other, each after its length in two bytes. Pure.
 */
#include "loadgen/compress.h"
#include "loadgen/target.h"

#define FRAMING_DATAGRAM_BYTES 65507u /* the longest that UDP over IPv4 carries */
#define FRAMING_CHUNK_BYTES 1420u     /* a longer message of GELF is sent in chunks */

struct framing {
	enum target_transport transport;
	enum format_id format;
	enum compress_kind compress;
	uint64_t next_message; /* gelf: by which the chunks of a message are known */
	struct buf packed;     /* owned */
};

/* Whether the agents of a format compress so over this transport. */
bool framing_takes(enum target_transport transport, enum format_id format,
		   enum compress_kind compress);
/* Replaces what is in `out`. `compressor` is NULL where nothing is compressed. 0, -ENOMEM. */
int framing_write(struct framing *f, struct compressor *compressor, const char *id,
		  uint32_t n_messages, const struct buf *plain, struct buf *out) MUST_CHECK;
/* The first datagram of what is left; false: there is no further one. */
bool framing_next_datagram(const char *data, size_t len, const char **datagramp,
			   size_t *n_datagramp);
void framing_deinit(struct framing *f);

#endif
