#include "common/base64.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(const char *bytes, size_t n, char four[4])
{
	uint32_t bits = 0;

	assert(n >= 1 && n <= 3);
	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < n ? (unsigned char)bytes[i] : 0);
	for (size_t i = 0; i < 4; i++)
		four[i] = i <= n ? letters[bits >> (18 - 6 * i) & 0x3f] : '=';
}

static int letter_value(char ch)
{
	const char *at = ch ? strchr(letters, ch) : NULL;

	if (ch == '-' || ch == '_') /* the alphabet for URLs */
		return ch == '-' ? 62 : 63;
	return at ? (int)(at - letters) : -1;
}

size_t base64_read(const char *text, size_t len, char *bytes, size_t size)
{
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int value = letter_value(text[i]);

		if (value < 0 || n == size)
			return 0;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			bytes[n++] = (char)(bits >> n_bits);
		}
	}
	return n;
}
