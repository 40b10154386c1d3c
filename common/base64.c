#include "common/base64.h"

#include <assert.h>
#include <stdint.h>

void base64_write(const char *bytes, size_t n, char four[4])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;

	assert(n >= 1 && n <= 3);
	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < n ? (unsigned char)bytes[i] : 0);
	for (size_t i = 0; i < 4; i++)
		four[i] = i <= n ? letters[bits >> (18 - 6 * i) & 0x3f] : '=';
}
