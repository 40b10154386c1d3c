/*
 * Whatever comes, it is unpacked within the limit and the memory that was granted; all memory is
 * given back; and what was packed comes out again, whichever coding the first byte chooses.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/codec/codec.h"
#include "t/unit/common/codec/packers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BYTES (256u << 10)
#define GRANTED_BYTES (10u << 20)

static size_t used;

static bool take(void *arg, size_t n_bytes)
{
	(void)arg;
	if (n_bytes > GRANTED_BYTES - used)
		return false;
	used += n_bytes;
	return true;
}

static void give(void *arg, size_t n_bytes)
{
	(void)arg;
	assert(n_bytes <= used);
	used -= n_bytes;
}

static void check_unpacks(struct codec *codec, const char *data, size_t len, enum packer packer)
{
	struct packed p = pack(packer, data, len);
	struct codec_names names;
	struct codec_bytes bytes;

	assert(codec_names_read(packer_names[packer], strlen(packer_names[packer]), &names) == 0);
	assert(codec_unpack(codec, p.data, p.len, &names, MAX_BYTES, &bytes) == 0);
	assert(bytes.len == len && memcmp(bytes.data, data, len) == 0);
	codec_release(codec);
	packed_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct codec *codec;
	struct codec_memory memory = { take, give, NULL };
	struct codec_names names = { .n = len ? data[0] % 3 : 0 };
	struct codec_bytes bytes;
	char text[1024];

	if (!codec)
		codec = codec_new(&memory);
	if (len == 0)
		return 0;
	for (unsigned i = 0; i < names.n; i++)
		names.codings[i] = (uint8_t)(1 + (data[0] >> (2 + 3 * i)) % (CODEC_CODINGS - 1));
	if (codec_unpack(codec, (const char *)data + 1, len - 1, &names, MAX_BYTES, &bytes) == 0)
		assert(bytes.n_layers == 0 || (bytes.len <= MAX_BYTES && bytes.n_layers <= 4));
	codec_release(codec);
	assert(used == 0);
	text[0] = '{'; /* so that it is not taken for one more layer */
	len = len < sizeof(text) ? len : sizeof(text);
	memcpy(text + 1, data + 1, len - 1);
	check_unpacks(codec, text, len, (enum packer)(data[0] % PACKERS));
	assert(used == 0);
	return 0;
}
