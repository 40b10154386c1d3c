#include "loadgen/framing.h"

#include "common/format/msgpack_write.h"

#define LENGTH_BYTES 2
#define CHUNKS_MOST 128
#define CHUNK_HEAD_BYTES 12
#define TAG "weir-loadgen"

bool framing_takes(enum target_transport transport, enum format_id format,
		   enum compress_kind compress)
{
	if (transport == TARGET_HTTP || compress == COMPRESS_NONE)
		return true;
	switch (format) {
	case FORMAT_GELF:
		return transport == TARGET_UDP &&
		       (compress == COMPRESS_GZIP || compress == COMPRESS_ZLIB);
	case FORMAT_FORWARD:
		return compress == COMPRESS_GZIP || compress == COMPRESS_ZSTD;
	default:
		return false;
	}
}

/* ---- datagrams ---- */

static void put_length(struct buf *out, size_t n)
{
	const char bytes[LENGTH_BYTES] = { (char)(n >> 8), (char)n };

	buf_append(out, bytes, sizeof(bytes));
}

bool framing_next_datagram(const char *data, size_t len, const char **datagramp,
			   size_t *n_datagramp)
{
	const unsigned char *head = (const unsigned char *)data;

	if (len < LENGTH_BYTES)
		return false;
	*datagramp = data + LENGTH_BYTES;
	*n_datagramp = (size_t)head[0] << 8 | head[1];
	assert(*n_datagramp <= len - LENGTH_BYTES);
	return true;
}

/* What is too long for a datagram is cut, as loggers do. */
static void put_datagram(struct buf *out, const char *data, size_t len)
{
	size_t n = len < FRAMING_DATAGRAM_BYTES ? len : FRAMING_DATAGRAM_BYTES;

	put_length(out, n);
	buf_append(out, data, n);
}

/* 1e 0f, the message in 8 bytes, the number of the chunk, and how many there are. */
static void put_chunks(struct framing *f, struct buf *out, const char *data, size_t len)
{
	size_t n_chunk = FRAMING_CHUNK_BYTES, n_chunks, n;
	char head[CHUNK_HEAD_BYTES] = { 0x1e, 0x0f };

	if (n_chunk * CHUNKS_MOST < len)
		n_chunk = (len + CHUNKS_MOST - 1) / CHUNKS_MOST;
	n_chunks = (len + n_chunk - 1) / n_chunk;
	memcpy(head + 2, &f->next_message, sizeof(f->next_message));
	f->next_message++;
	head[11] = (char)n_chunks;
	for (size_t i = 0; i < n_chunks; i++, data += n, len -= n) {
		n = len < n_chunk ? len : n_chunk;
		head[10] = (char)i;
		put_length(out, sizeof(head) + n);
		buf_append(out, head, sizeof(head));
		buf_append(out, data, n);
	}
}

static int put_message(struct framing *f, struct compressor *compressor, const char *line,
		       size_t len, struct buf *out)
{
	int r = 0;

	if (compressor) {
		r = compressor_pack(compressor, line, len, &f->packed);
		line = f->packed.data;
		len = f->packed.len;
	}
	if (r == 0 && f->format == FORMAT_GELF && len > FRAMING_CHUNK_BYTES)
		put_chunks(f, out, line, len);
	else if (r == 0)
		put_datagram(out, line, len);
	return r;
}

static int write_datagrams(struct framing *f, struct compressor *compressor,
			   const struct buf *plain, struct buf *out)
{
	const char *at = plain->data, *end = at + plain->len, *stop;
	int r = 0;

	for (; r == 0 && at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		assert(stop);
		r = put_message(f, compressor, at, (size_t)(stop - at), out);
	}
	return r;
}

/* ---- streams ---- */

static void put_option(struct buf *out, const char *name, const char *value)
{
	msgpack_write_str(out, name, strlen(name));
	msgpack_write_str(out, value, strlen(value));
}

/* [tag, bytes, {"size": n, "chunk": id}] */
static int write_forward(struct framing *f, struct compressor *compressor, const char *id,
			 uint32_t n_messages, const struct buf *plain, struct buf *out)
{
	const struct buf *events = plain;
	int r = 0;

	if (compressor) {
		r = compressor_pack(compressor, plain->data, plain->len, &f->packed);
		events = &f->packed;
	}
	if (r)
		return r;
	msgpack_write_byte(out, 0x93);
	msgpack_write_str(out, TAG, strlen(TAG));
	msgpack_write_bin(out, events->data, events->len);
	msgpack_write_byte(out, compressor ? 0x83 : 0x82);
	msgpack_write_str(out, "size", strlen("size"));
	msgpack_write_size(out, 0xce, n_messages);
	put_option(out, "chunk", id);
	if (compressor)
		put_option(out, "compressed", compress_encoding(f->compress));
	return 0;
}

/* A line of JSON holds no other line feed, and no NUL. */
static void write_objects(const struct buf *plain, struct buf *out)
{
	buf_append(out, plain->data, plain->len);
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\n')
			out->data[i] = '\0';
}

int framing_write(struct framing *f, struct compressor *compressor, const char *id,
		  uint32_t n_messages, const struct buf *plain, struct buf *out)
{
	int r = 0;

	buf_clear(out);
	if (f->transport == TARGET_UDP)
		r = write_datagrams(f, compressor, plain, out);
	else if (f->format == FORMAT_FORWARD)
		r = write_forward(f, compressor, id, n_messages, plain, out);
	else if (f->format == FORMAT_GELF)
		write_objects(plain, out);
	else
		buf_append(out, plain->data, plain->len);
	return r ? r : out->failed ? -ENOMEM : 0;
}

void framing_deinit(struct framing *f)
{
	buf_deinit(&f->packed);
}
