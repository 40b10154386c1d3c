#include "common/format/msgpack.h"

#include <string.h>

static size_t n_left(const struct msgpack_cursor *c)
{
	return (size_t)(c->end - c->at);
}

static int read_be(struct msgpack_cursor *c, unsigned n_bytes, uint64_t *valuep)
{
	uint64_t value = 0;

	if (n_left(c) < n_bytes)
		return MSGPACK_E_SYNTAX;
	for (unsigned i = 0; i < n_bytes; i++)
		value = value << 8 | (unsigned char)*c->at++;
	*valuep = value;
	return 0;
}

static int take_bytes(struct msgpack_cursor *c, enum msgpack_type type, uint64_t len,
		      struct msgpack_item *item)
{
	if (len > n_left(c))
		return MSGPACK_E_SYNTAX;
	item->type = type;
	item->data = c->at;
	item->len = (size_t)len;
	c->at += len;
	return 0;
}

static int read_bytes(struct msgpack_cursor *c, enum msgpack_type type, unsigned n_bytes,
		      struct msgpack_item *item)
{
	uint64_t len, ext_type;

	if (read_be(c, n_bytes, &len))
		return MSGPACK_E_SYNTAX;
	if (type == MSGPACK_EXT) {
		if (read_be(c, 1, &ext_type))
			return MSGPACK_E_SYNTAX;
		item->ext_type = (int8_t)ext_type;
	}
	return take_bytes(c, type, len, item);
}

static int take_container(struct msgpack_cursor *c, enum msgpack_type type, uint64_t n,
			  struct msgpack_item *item)
{
	if (n > n_left(c) / (type == MSGPACK_MAP ? 2 : 1))
		return MSGPACK_E_SYNTAX;
	item->type = type;
	item->n = (size_t)n;
	return 0;
}

static int read_container(struct msgpack_cursor *c, enum msgpack_type type, unsigned n_bytes,
			  struct msgpack_item *item)
{
	uint64_t n;

	return read_be(c, n_bytes, &n) ? MSGPACK_E_SYNTAX : take_container(c, type, n, item);
}

static int read_uint(struct msgpack_cursor *c, unsigned n_bytes, struct msgpack_item *item)
{
	item->type = MSGPACK_UINT;
	return read_be(c, n_bytes, &item->number);
}

static void set_int(struct msgpack_item *item, int64_t value)
{
	item->type = value < 0 ? MSGPACK_INT : MSGPACK_UINT;
	item->negative = value; /* what is not negative reads the same as a number */
}

static int read_int(struct msgpack_cursor *c, unsigned n_bytes, struct msgpack_item *item)
{
	uint64_t bits;

	if (read_be(c, n_bytes, &bits))
		return MSGPACK_E_SYNTAX;
	bits <<= 64 - 8 * n_bytes;
	set_int(item, (int64_t)bits >> (64 - 8 * n_bytes));
	return 0;
}

static int read_real(struct msgpack_cursor *c, unsigned n_bytes, struct msgpack_item *item)
{
	uint64_t bits;
	uint32_t bits32;
	float single;

	if (read_be(c, n_bytes, &bits))
		return MSGPACK_E_SYNTAX;
	item->type = MSGPACK_DOUBLE;
	if (n_bytes == 8) {
		memcpy(&item->real, &bits, sizeof(item->real));
		return 0;
	}
	bits32 = (uint32_t)bits;
	memcpy(&single, &bits32, sizeof(single));
	item->real = (double)single;
	return 0;
}

static int read_simple(enum msgpack_type type, uint64_t value, struct msgpack_item *item)
{
	item->type = type;
	item->number = value;
	return 0;
}

/* Headers of 0xc0 to 0xdf. */
static int read_by_table(struct msgpack_cursor *c, unsigned char head, struct msgpack_item *item)
{
	uint64_t ext_type;

	switch (head) {
	case 0xc0:
		return read_simple(MSGPACK_NIL, 0, item);
	case 0xc2:
	case 0xc3:
		return read_simple(MSGPACK_BOOL, head & 1, item);
	case 0xc4 ... 0xc6:
		return read_bytes(c, MSGPACK_BIN, 1u << (head - 0xc4), item);
	case 0xc7 ... 0xc9:
		return read_bytes(c, MSGPACK_EXT, 1u << (head - 0xc7), item);
	case 0xca:
	case 0xcb:
		return read_real(c, head == 0xca ? 4 : 8, item);
	case 0xcc ... 0xcf:
		return read_uint(c, 1u << (head - 0xcc), item);
	case 0xd0 ... 0xd3:
		return read_int(c, 1u << (head - 0xd0), item);
	case 0xd4 ... 0xd8:
		if (read_be(c, 1, &ext_type))
			return MSGPACK_E_SYNTAX;
		item->ext_type = (int8_t)ext_type;
		return take_bytes(c, MSGPACK_EXT, 1u << (head - 0xd4), item);
	case 0xd9 ... 0xdb:
		return read_bytes(c, MSGPACK_STR, 1u << (head - 0xd9), item);
	case 0xdc ... 0xdd:
		return read_container(c, MSGPACK_ARRAY, 2u << (head - 0xdc), item);
	case 0xde ... 0xdf:
		return read_container(c, MSGPACK_MAP, 2u << (head - 0xde), item);
	default:
		return MSGPACK_E_SYNTAX; /* 0xc1 is never used */
	}
}

int msgpack_next(struct msgpack_cursor *c, struct msgpack_item *item)
{
	unsigned char head;

	*item = (struct msgpack_item){ 0 };
	if (c->at == c->end)
		return MSGPACK_E_SYNTAX;
	head = (unsigned char)*c->at++;
	if (head < 0x80)
		return read_simple(MSGPACK_UINT, head, item);
	if (head < 0x90)
		return take_container(c, MSGPACK_MAP, head & 0x0f, item);
	if (head < 0xa0)
		return take_container(c, MSGPACK_ARRAY, head & 0x0f, item);
	if (head < 0xc0)
		return take_bytes(c, MSGPACK_STR, head & 0x1f, item);
	if (head < 0xe0)
		return read_by_table(c, head, item);
	set_int(item, (int8_t)head);
	return 0;
}

int msgpack_skip(struct msgpack_cursor *c, unsigned depth)
{
	struct msgpack_item item;
	int r = msgpack_next(c, &item);
	size_t n;

	if (r || item.type < MSGPACK_ARRAY)
		return r;
	if (depth == 0)
		return MSGPACK_E_SYNTAX;
	n = item.type == MSGPACK_MAP ? 2 * item.n : item.n;
	while (r == 0 && n-- > 0)
		r = msgpack_skip(c, depth - 1);
	return r;
}
