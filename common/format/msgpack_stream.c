#include "common/format/msgpack_stream.h"

#include <stdbool.h>

/* What follows the first byte of a value. */
struct head {
	uint8_t n_fixed;  /* bytes, those of the length included */
	uint8_t n_length; /* of them, at the beginning: the length */
	uint8_t per_unit; /* 0: the length is in bytes; else the values that each unit of it stands for */
};

void msgpack_stream_init(struct msgpack_stream *s)
{
	*s = (struct msgpack_stream){ .n_pending = 1 };
}

/* First bytes of 0xc0 to 0xdf. False: 0xc1, which is never used. */
static bool look_up(unsigned char first, struct head *head)
{
	static const struct head heads[32] = {
		[0xc4 - 0xc0] = { 1, 1, 0 }, { 2, 2, 0 }, { 4, 4, 0 },              /* bin */
		[0xc7 - 0xc0] = { 2, 1, 0 }, { 3, 2, 0 }, { 5, 4, 0 },              /* ext */
		[0xca - 0xc0] = { 4, 0, 0 }, { 8, 0, 0 },                           /* float */
		[0xcc - 0xc0] = { 1, 0, 0 }, { 2, 0, 0 }, { 4, 0, 0 }, { 8, 0, 0 }, /* uint */
		[0xd0 - 0xc0] = { 1, 0, 0 }, { 2, 0, 0 }, { 4, 0, 0 }, { 8, 0, 0 }, /* int */
		[0xd4 - 0xc0] = { 2, 0, 0 }, { 3, 0, 0 }, { 5, 0, 0 }, { 9, 0, 0 }, { 17, 0, 0 },
		[0xd9 - 0xc0] = { 1, 1, 0 }, { 2, 2, 0 }, { 4, 4, 0 }, /* str */
		[0xdc - 0xc0] = { 2, 2, 1 }, { 4, 4, 1 },              /* array */
		[0xde - 0xc0] = { 2, 2, 2 }, { 4, 4, 2 },              /* map */
	};

	*head = heads[first - 0xc0];
	return first != 0xc1;
}

/* One value without what is in it: its bytes, and how many values follow it. */
static int read_head(const unsigned char *p, size_t len, uint64_t *n_bytesp, uint64_t *n_valuesp)
{
	struct head head = { 0 };
	uint64_t length = 0;

	*n_bytesp = 1;
	*n_valuesp = 0;
	if (p[0] >= 0x80 && p[0] < 0x90)
		*n_valuesp = 2 * (p[0] & 0x0fu);
	else if (p[0] >= 0x90 && p[0] < 0xa0)
		*n_valuesp = p[0] & 0x0fu;
	else if (p[0] >= 0xa0 && p[0] < 0xc0)
		*n_bytesp = 1 + (p[0] & 0x1fu);
	if (p[0] < 0xc0 || p[0] >= 0xe0)
		return 0;
	if (!look_up(p[0], &head))
		return MSGPACK_STREAM_E_SYNTAX;
	if (len < 1u + head.n_length)
		return MSGPACK_STREAM_E_PARTIAL;
	for (unsigned i = 0; i < head.n_length; i++)
		length = length << 8 | p[1 + i];
	*n_bytesp = 1 + head.n_fixed + (head.per_unit ? 0 : length);
	*n_valuesp = length * head.per_unit;
	return 0;
}

int msgpack_stream_read(struct msgpack_stream *s, const char *data, size_t len, size_t max_bytes)
{
	while (s->n_pending > 0) {
		uint64_t n_bytes, n_values;
		int r;

		if (s->n_bytes + s->n_pending > max_bytes)
			return MSGPACK_STREAM_E_LONG;
		if (s->n_bytes >= len)
			return MSGPACK_STREAM_E_PARTIAL;
		r = read_head((const unsigned char *)data + s->n_bytes, len - (size_t)s->n_bytes,
			      &n_bytes, &n_values);
		if (r)
			return r;
		s->n_bytes += n_bytes;
		s->n_pending += n_values - 1;
	}
	if (s->n_bytes > max_bytes)
		return MSGPACK_STREAM_E_LONG;
	return s->n_bytes > len ? MSGPACK_STREAM_E_PARTIAL : 0;
}
