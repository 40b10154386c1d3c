#include "common/codec/codec_out.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES (16u << 10)

static bool take(const struct codec_out *out, size_t n_bytes)
{
	return !out->memory.take || out->memory.take(out->memory.arg, n_bytes);
}

static void give(const struct codec_out *out, size_t n_bytes)
{
	if (out->memory.give && n_bytes > 0)
		out->memory.give(out->memory.arg, n_bytes);
}

static int resize(struct codec_out *out, size_t capacity)
{
	size_t n_more = capacity - out->capacity;
	char *data;

	assert(capacity > out->capacity && capacity <= out->max_bytes);
	if (!take(out, n_more))
		return -ENOMEM;
	data = realloc(out->data, capacity);
	if (!data) {
		give(out, n_more);
		return -ENOMEM;
	}
	out->data = data;
	out->capacity = capacity;
	return 0;
}

int codec_out_reserve(struct codec_out *out, size_t n_more)
{
	size_t wanted, capacity = out->capacity ? out->capacity : FIRST_BYTES;

	if (n_more > out->max_bytes - out->len)
		return out->excess;
	wanted = out->len + n_more;
	if (wanted <= out->capacity)
		return 0;
	while (capacity < wanted)
		capacity *= 2;
	return resize(out, capacity < out->max_bytes ? capacity : out->max_bytes);
}

int codec_out_grow(struct codec_out *out)
{
	return codec_out_reserve(out, out->capacity - out->len + 1);
}

int codec_out_append(struct codec_out *out, const char *data, size_t len)
{
	int r = codec_out_reserve(out, len);

	if (r != 0 || len == 0)
		return r;
	memcpy(out->data + out->len, data, len);
	out->len += len;
	return 0;
}

void codec_out_release(struct codec_out *out)
{
	free(out->data);
	give(out, out->capacity);
	out->data = NULL;
	out->len = out->capacity = 0;
}
