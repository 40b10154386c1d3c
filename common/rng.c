#include "common/rng.h"

#include <stdint.h>
#include <sys/random.h>

#include "common/clock.h"

/* All n bytes, or a negative errno. */
static int kernel_random(void *out, size_t n_bytes)
{
	uint8_t *bytes = out;

	while (n_bytes > 0) {
		ssize_t n = getrandom(bytes, n_bytes, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		n_bytes -= (size_t)n;
	}
	return 0;
}

/* splitmix64: seeds that differ by one bit give unrelated streams. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void rng_init(struct rng *rng, uint64_t seed)
{
	/* Without the kernel's randomness jitter is still better from a clock than none. */
	if (seed == 0 && kernel_random(&seed, sizeof(seed)) != 0)
		seed = clock_mono_us() ^ (uintptr_t)rng;
	rng->state = mix(seed);
	if (rng->state == 0)
		rng->state = 1;
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t x = rng->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

uint64_t rng_range(struct rng *rng, uint64_t lo, uint64_t hi)
{
	uint64_t span = hi - lo + 1; /* 0: all of 2^64 */
	uint64_t x, n_biased;

	assert(lo <= hi);
	if (span == 0)
		return rng_next(rng);
	n_biased = -span % span; /* 2^64 mod span: values that would favour the low results */
	do
		x = rng_next(rng);
	while (x < n_biased);
	return lo + x % span;
}

double rng_unit(struct rng *rng)
{
	return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

int rng_token(char *hex, size_t n_bytes)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *raw =
		(uint8_t *)hex + n_bytes; /* the upper half, overtaken only after it is read */
	int r;

	hex[2 * n_bytes] = '\0';
	r = kernel_random(raw, n_bytes);
	if (r != 0)
		return r;
	for (size_t i = 0; i < n_bytes; i++) {
		uint8_t byte = raw[i];

		hex[2 * i] = digits[byte >> 4];
		hex[2 * i + 1] = digits[byte & 15];
	}
	return 0;
}
