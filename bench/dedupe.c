/*
 * What weir-analyzer pays to know whether it has seen a packet: packets that all have their own id,
 * and packets that all have one id and differ in their bytes.
 *
 *   build/bin/weir-bench-dedupe [PACKETS]
 */
#include <stdio.h>
#include <string.h>

#include "analyzer/dedupe.h"
#include "common/clock.h"

#define PACKET_BYTES 1200
#define WINDOW 1000000

/* ns for each packet: its key, the look, the insert, its fate. */
static double measure(uint64_t n, bool own_ids)
{
	static char packet[PACKET_BYTES];
	struct dedupe *d = dedupe_new(WINDOW);
	uint64_t start_us = clock_mono_us(), same = 7, n_new = 0;

	if (!d)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		struct dedupe_key key;

		memcpy(packet, &i, sizeof(i));
		key = dedupe_key(d, own_ids ? &i : &same, sizeof(i), packet, sizeof(packet));
		if (dedupe_look(d, key) > DEDUPE_CONFLICT)
			continue;
		dedupe_settle(d, dedupe_insert(d, key), 1, true);
		n_new++;
	}
	start_us = clock_mono_us() - start_us;
	dedupe_free(d);
	return n_new == n ? (double)start_us * 1000 / (double)n : -1;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
	double own = measure(n, true), same = measure(n, false);

	if (n == 0 || own <= 0 || same <= 0)
		return 1;
	printf("%-24s %10.0f ns/packet %12.0f packets/s\n", "each its own id", own, 1e9 / own);
	printf("%-24s %10.0f ns/packet %12.0f packets/s\n", "all of one id", same, 1e9 / same);
	return 0;
}
