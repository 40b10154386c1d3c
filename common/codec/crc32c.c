#include "common/codec/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* bits reversed */

/* By four bits at a time: the table is small enough to be written by the compiler. */
#define BIT(x) ((x) >> 1 ^ ((x)&1 ? POLYNOMIAL : 0))
#define NIBBLE(x) BIT(BIT(BIT(BIT((uint32_t)(x)))))

static const uint32_t table[16] = {
	NIBBLE(0),  NIBBLE(1),  NIBBLE(2),  NIBBLE(3),  NIBBLE(4),  NIBBLE(5),
	NIBBLE(6),  NIBBLE(7),  NIBBLE(8),  NIBBLE(9),  NIBBLE(10), NIBBLE(11),
	NIBBLE(12), NIBBLE(13), NIBBLE(14), NIBBLE(15),
};

uint32_t crc32c(const char *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}
