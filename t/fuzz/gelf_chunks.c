/*
 * Whatever comes as chunks, the memory stays within its bounds, and all of it is given back. A
 * message that becomes whole is made of bytes that came for it. The input is a row of datagrams:
 * a byte for their sender and for the time since the last one, a byte for their length, the rest.
 */
#include <string.h>

#include "common/buf.h"
#include "node/listen/gelf_chunks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MEMORY_BYTES (16 << 10)
#define MAX_BYTES 600
#define MOST_BYTES 1000
#define HEAD_BYTES 12

static struct net_addr senders[4];

static void set_senders(void)
{
	static const char *const hosts[] = { "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		assert(net_addr_numeric(&senders[i], hosts[i], 5) == 0);
}

/* It holds the chunk that made it whole. */
static void check_whole(const struct gelf_whole *whole, const char *datagram, size_t len)
{
	assert(whole->len <= MAX_BYTES);
	assert(memmem(whole->data, whole->len, datagram + HEAD_BYTES, len - HEAD_BYTES));
}

static void add(struct gelf_chunks *chunks, const struct net_addr *peer, const uint8_t *data,
		size_t len, uint64_t now_us)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct gelf_whole whole = { 0 };
	enum gelf_chunk_result r;

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	r = gelf_chunks_add(chunks, peer, copy, len, now_us, &whole);
	assert((r == GELF_CHUNK_WHOLE) == (whole.data != NULL));
	assert(len > HEAD_BYTES || r == GELF_CHUNK_BAD);
	if (r != GELF_CHUNK_WHOLE)
		return;
	check_whole(&whole, copy, len);
	gelf_whole_free(chunks, &whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memory_pool pool = { MEMORY_BYTES };
	struct gelf_chunks chunks;
	struct memory memory;
	uint64_t now_us = 1;

	if (!senders[0].len)
		set_senders();
	memory_init(&memory, &pool);
	gelf_chunks_init(&chunks, &memory, MAX_BYTES, MOST_BYTES);
	for (size_t at = 0, n; at + 2 < len; at += n + 2) {
		n = data[at + 1] < len - at - 2 ? data[at + 1] : len - at - 2;
		now_us += (uint64_t)(data[at] >> 2) * (GELF_CHUNK_US / 32);
		gelf_chunks_sweep(&chunks, now_us);
		add(&chunks, &senders[data[at] & 3], data + at + 2, n, now_us);
		assert(chunks.n_bytes <= MOST_BYTES && chunks.n_messages <= GELF_MESSAGES_MOST);
		assert(memory.used_bytes >= chunks.n_bytes && memory.used_bytes <= MEMORY_BYTES);
	}
	gelf_chunks_deinit(&chunks);
	assert(memory.used_bytes == 0 && chunks.n_bytes == 0 && chunks.n_messages == 0);
	return 0;
}
