#include "common/codec/codec_pack.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 1

struct codec_pack {
	struct libdeflate_compressor *compressor;
};

struct codec_pack *codec_pack_new(void)
{
	struct codec_pack *pack = calloc(1, sizeof(*pack));

	if (!pack)
		return NULL;
	pack->compressor = libdeflate_alloc_compressor(LEVEL);
	if (pack->compressor)
		return pack;
	free(pack);
	return NULL;
}

void codec_pack_free(struct codec_pack *pack)
{
	if (pack)
		libdeflate_free_compressor(pack->compressor);
	free(pack);
}

/* libdeflate takes one run of bytes. NULL: out of memory. */
static char *join(const struct iovec *parts, size_t n_parts, size_t len)
{
	char *whole = malloc(len + 1), *at = whole;

	for (size_t i = 0; whole && i < n_parts; i++) {
		assert(parts[i].iov_len <= len - (size_t)(at - whole));
		if (parts[i].iov_len)
			memcpy(at, parts[i].iov_base, parts[i].iov_len);
		at += parts[i].iov_len;
	}
	return whole;
}

int codec_pack_gzip(struct codec_pack *pack, const struct iovec *parts, size_t n_parts, size_t len,
		    struct iovec *outp)
{
	AUTO_FREE char *joined = n_parts == 1 ? NULL : join(parts, n_parts, len);
	const char *from = n_parts == 1 ? parts[0].iov_base : joined;
	size_t bound = libdeflate_gzip_compress_bound(pack->compressor, len);
	char *out = from ? malloc(bound) : NULL, *fitting;

	if (!out)
		return -ENOMEM;
	len = libdeflate_gzip_compress(pack->compressor, from, len, out, bound);
	assert(len > 0); /* the bound is enough for any bytes */
	fitting = realloc(out, len);
	*outp = (struct iovec){ fitting ? fitting : out, len };
	return 0;
}
