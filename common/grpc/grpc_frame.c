#include "common/grpc/grpc_frame.h"

static void advance(struct http_slice *input, size_t n)
{
	input->data += n;
	input->len -= n;
}

static enum grpc_frame_event take_prefix(struct grpc_frame *f, struct http_slice *input)
{
	while (f->n_prefix < GRPC_PREFIX_BYTES && input->len > 0) {
		f->prefix[f->n_prefix++] = (unsigned char)*input->data;
		advance(input, 1);
		if (f->prefix[0] > 1)
			return GRPC_FRAME_BAD;
	}
	if (f->n_prefix < GRPC_PREFIX_BYTES)
		return GRPC_FRAME_MORE;
	f->is_compressed = f->prefix[0] == 1;
	for (size_t i = 1; i < GRPC_PREFIX_BYTES; i++)
		f->len = f->len << 8 | f->prefix[i];
	f->n_left = f->len;
	return GRPC_FRAME_BEGINS;
}

enum grpc_frame_event grpc_frame_feed(struct grpc_frame *f, struct http_slice *inputp,
				      struct http_slice *bytesp)
{
	size_t n;

	if (f->n_prefix < GRPC_PREFIX_BYTES)
		return take_prefix(f, inputp);
	if (inputp->len == 0)
		return GRPC_FRAME_MORE;
	if (f->n_left == 0)
		return GRPC_FRAME_BAD;
	n = inputp->len < f->n_left ? inputp->len : f->n_left;
	*bytesp = (struct http_slice){ inputp->data, n };
	advance(inputp, n);
	f->n_left -= (uint32_t)n;
	return GRPC_FRAME_BYTES;
}

bool grpc_frame_is_whole(const struct grpc_frame *f)
{
	return f->n_prefix == GRPC_PREFIX_BYTES && f->n_left == 0;
}

void grpc_frame_write_prefix(char prefix[GRPC_PREFIX_BYTES], uint32_t len)
{
	prefix[0] = 0;
	for (size_t i = 1; i < GRPC_PREFIX_BYTES; i++)
		prefix[i] = (char)(len >> 8 * (GRPC_PREFIX_BYTES - 1 - i));
}
