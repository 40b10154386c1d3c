/*
 * Whatever a client of HTTP/2 sends, and however it is cut into reads, the same packets come of it, the
 * same is refused, and what is answered consists of whole frames. All memory is given back, also where
 * there is little. The first byte says how many bytes a read has, and whether the client begins as
 * HTTP/2 wants it; the last one how much memory there is.
 */
#include "t/unit/node/ingest/agent_bench.h"

#include <nghttp2/nghttp2.h>

#include "node/ingest/exchange_h2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_PACKETS 4096
#define FRAME_HEAD_BYTES 9

struct outcome {
	uint64_t n_packets, n_messages, sum; /* of their bytes */
	uint64_t n_refused;
	bool is_closed, is_flood;
};

static struct outcome outcome;
static struct packet *packets[MAX_PACKETS];
static size_t n_packets;

static void on_packet(void *arg, struct packet *p)
{
	(void)arg;
	assert(p->len <= BENCH_MAX_BODY && n_packets < MAX_PACKETS);
	outcome.n_packets++;
	outcome.n_messages += p->n_messages;
	for (size_t i = 0; i < p->len; i++)
		outcome.sum = outcome.sum * 31 + (uint8_t)p->body[i];
	packets[n_packets++] = p;
}

/* One for all inputs. */
static struct agent_bench *bench(void)
{
	static struct agent_bench *b;
	void *state;

	if (b)
		return b;
	assert(bench_setup(&state) == 0);
	log_least_level = LOG_LEVELS; /* it writes nothing */
	b = state;
	b->shared.config.on_packet = on_packet;
	return b;
}

static uint64_t count_refused(const struct agent_bench *b)
{
	uint64_t n = 0;

	for (unsigned reason = 0; reason < REFUSALS; reason++)
		n += metrics_get(&b->shard, M_REFUSED, reason);
	return n;
}

/* Each packet is taken, or one in three is refused. */
static void give_fates(struct agent_bench *b)
{
	for (size_t i = 0; i < n_packets; i++) {
		if (i % 3 == 2)
			exchange_refuse(&b->shared, packets[i]->exchange, REFUSAL_SPILL_FULL);
		else
			exchange_accept(&b->shared, packets[i], "a1");
		packet_free_within(&b->memory, packets[i]);
	}
	n_packets = 0;
}

/* A turn to write. False: the connection is closed. */
static bool answer(struct agent_bench *b, struct exchange_h2 *h)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct conn_dirty *dirty;
	bool ends, is_open;
	size_t at = 0;

	while ((dirty = conn_shared_pop_dirty(&b->shared)))
		exchange_h2_answer(
			(struct requests *)((char *)dirty - offsetof(struct requests, dirty)));
	while (exchange_h2_pop_due(&b->shared))
		continue;
	is_open = exchange_h2_render(h, &out, &ends);
	while (is_open && at + FRAME_HEAD_BYTES <= out.len) {
		const uint8_t *p = (uint8_t *)out.data + at;

		at += FRAME_HEAD_BYTES + ((size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2]);
	}
	assert(!is_open || at == out.len);
	return is_open && !ends;
}

static struct outcome talk(const char *data, size_t len, size_t n_read, bool answers_at_once)
{
	struct agent_bench *b = bench();
	struct requests connection;
	struct net_addr peer;
	struct exchange_h2 *h;
	uint64_t n_refused = count_refused(b), n_used = b->memory.used_bytes;
	bool is_open = true;

	outcome = (struct outcome){ 0 };
	assert(net_addr_numeric(&peer, "192.0.2.7", 4711) == 0);
	exchange_init(&connection, &b->shared, &peer);
	h = exchange_h2_new(&connection);
	if (!h) {
		assert(n_used > 0);
		return outcome;
	}
	for (size_t at = 0; is_open && at < len; at += n_read) {
		is_open = exchange_h2_feed(h, data + at, len - at < n_read ? len - at : n_read);
		if (is_open && answers_at_once) {
			give_fates(b);
			is_open = answer(b, h);
		}
	}
	outcome.is_closed = !is_open;
	outcome.is_flood = connection.close_reason == CLOSE_FLOOD;
	outcome.n_refused = count_refused(b) - n_refused;
	give_fates(b);
	is_open = is_open && answer(b, h);
	b->shared.now_us += 200 * US_PER_S; /* all that is late is refused */
	if (is_open && exchange_h2_look(h) && answer(b, h))
		exchange_h2_end_input(h);
	exchange_h2_free(h);
	exchange_abandon_all(&connection);
	assert(n_packets == 0 && b->memory.used_bytes == n_used && b->shared.n_watches == 0);
	return outcome;
}

/* While the node has no more than n_left bytes. */
static void talk_in_need(const char *data, size_t len, size_t n_read, size_t n_left)
{
	struct memory *memory = &bench()->memory;
	size_t n = memory_left(memory) - n_left;

	assert(memory_take(memory, n));
	talk(data, len, n_read, true);
	memory_give(memory, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char begin[] = NGHTTP2_CLIENT_MAGIC "\0\0\0\4\0\0\0\0";
	struct buf text CLEANUP(buf_deinit) = { 0 };
	struct outcome whole, pieces;

	if (len < 1)
		return 0;
	if (data[0] < 0x80)
		buf_append(&text, begin, sizeof(begin));
	buf_append(&text, (const char *)data + 1, len - 1);
	if (text.len == 0)
		return 0;
	whole = talk(text.data, text.len, text.len, false);
	pieces = talk(text.data, text.len, 1 + data[0] % 0x80, false);
	talk(text.data, text.len, 1 + data[0] % 0x80, true);
	talk_in_need(text.data, text.len, text.len, 500 * (data[len - 1] % 0x40u));
	/* nghttp2 counts reads within the head of a CONTINUATION frame as further such frames */
	if (whole.is_flood || pieces.is_flood)
		return 0;
	assert(whole.n_packets == pieces.n_packets && whole.n_messages == pieces.n_messages);
	assert(whole.sum == pieces.sum && whole.n_refused == pieces.n_refused);
	assert(whole.is_closed == pieces.is_closed);
	return 0;
}
