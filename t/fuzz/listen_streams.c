/*
 * Wherever a connection is cut into reads, the same messages come of it, and the same are refused.
 * Memory stays within its bounds, and is given back. The first byte says which listener it is, and
 * how many bytes a read has.
 */
#include <string.h>

#include "common/log.h"
#include "node/listen/forward.h"
#include "node/listen/reader.h"
#include "t/unit/node/listen/listen_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BODY 512
#define MEMORY_BYTES (1 << 20)

struct outcome {
	uint64_t n_messages, n_refused;
	size_t n_left; /* bytes of a frame that is not whole */
};

static void look(struct listen_bench *b, struct packet *p)
{
	int r = packet_make_json(&b->memory, p);

	assert(r == 0 && packet_json(p).len <= MAX_BODY);
}

static uint64_t count_refused(struct listen_bench *b, enum listen_port port)
{
	uint64_t n = 0;

	for (unsigned reason = 0; reason < LISTEN_DROPS; reason++)
		n += metrics_get(&b->metrics, M_LISTEN_DROPPED,
				 metrics_pair(&b->metrics, M_LISTEN_DROPPED, port, reason));
	return n;
}

/* As stream.c does it. False: nothing more can be read. */
static bool take_frames(struct stream *s, const char *data, size_t len, bool is_end, size_t *atp)
{
	size_t at = *atp, n;
	const char *stop;
	int r = 0;

	while (r == 0 && at < len) {
		n = 0;
		if (s->n_skip) {
			n = s->n_skip < len - at ? (size_t)s->n_skip : len - at;
			s->n_skip -= n;
		} else if (s->is_skipping) {
			stop = memchr(data + at, s->reader->skips_to, len - at);
			s->is_skipping = !stop;
			n = stop ? (size_t)(stop + 1 - data) - at : len - at;
		} else {
			r = s->reader->take(s, data + at, len - at, is_end, &n);
		}
		assert(n <= len - at);
		at += n;
		if (n > 0)
			s->n_scanned = 0;
	}
	assert(r != STREAM_E_HELD);
	if (r == STREAM_E_PARTIAL)
		s->n_scanned = len - at;
	*atp = at;
	return r != STREAM_E_CLOSE;
}

/* One for each listener, and for all inputs. */
static struct listen_bench *bench_of(enum listen_port port)
{
	static struct listen_bench benches[LISTEN_PORTS];
	static char *no_key;
	struct listen_bench *b = &benches[port];

	if (!b->families) {
		listen_bench_init(b, port, MAX_BODY, MEMORY_BYTES);
		b->shared.config.keyp = b->shared.config.tokenp = &no_key;
		b->look = look;
	}
	return b;
}

static struct outcome read_all(enum listen_port port, const char *data, size_t len, size_t n_read)
{
	struct listen_bench *b = bench_of(port);
	struct stream s = {
		.shared = &b->shared, .port = port, .reader = reader_of(port), .fd = -1
	};
	uint64_t n_messages = b->n_messages, n_refused = count_refused(b, port);
	size_t at = 0, n = 0, n_left;
	bool goes_on;

	s.source = b->source;
	s.is_dirty = true; /* nobody writes what it answers */
	goes_on = !s.reader->begin || s.reader->begin(&s) == 0;
	do {
		n = len - n < n_read ? len : n + n_read;
		goes_on = goes_on && take_frames(&s, data, n, n == len, &at);
	} while (goes_on && n < len);
	group_flush(b->source);
	assert(!s.waits_for); /* each packet had its fate */
	forward_free(s.forward);
	buf_deinit(&s.out);
	listen_bench_check(b);
	n_left = goes_on ? len - at : 0;
	return (struct outcome){ b->n_messages - n_messages, count_refused(b, port) - n_refused,
				 n_left };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum listen_port ports[] = { LISTEN_SYSLOG_TCP, LISTEN_GELF_TCP,
						  LISTEN_FORWARD_TCP };
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct outcome whole, cut;

	assert(copy);
	log_least_level = LOG_LEVELS; /* it writes nothing */
	if (len < 2)
		return 0;
	memcpy(copy, data + 1, --len);
	whole = read_all(ports[data[0] % 3], copy, len, len);
	cut = read_all(ports[data[0] % 3], copy, len, 1 + data[0] / 3 % 9);
	assert(whole.n_messages == cut.n_messages && whole.n_refused == cut.n_refused);
	assert(whole.n_left == cut.n_left);
	return 0;
}
