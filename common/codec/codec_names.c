#include "common/codec/codec_names.h"

#include <string.h>
#include <strings.h>

const char *const codec_coding_names[] = { "identity", "gzip",         "zlib",
					   "zstd",     "snappy_block", "snappy_framed" };
static_assert(ARRAY_LEN(codec_coding_names) == CODEC_CODINGS, "every coding has a name");

static const struct {
	const char *name;
	enum codec_coding coding;
} known[] = {
	{ "identity", CODEC_IDENTITY },
	{ "gzip", CODEC_GZIP },
	{ "x-gzip", CODEC_GZIP },
	{ "deflate", CODEC_ZLIB },
	{ "zlib", CODEC_ZLIB },
	{ "zstd", CODEC_ZSTD },
	{ "snappy", CODEC_SNAPPY_BLOCK }, /* its first bytes tell whether it is framed */
	{ "x-snappy", CODEC_SNAPPY_BLOCK },
	{ "x-snappy-framed", CODEC_SNAPPY_FRAMED },
	{ "snappy-framed", CODEC_SNAPPY_FRAMED },
};

static int find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i].name) == len && strncasecmp(known[i].name, name, len) == 0)
			return (int)known[i].coding;
	return -1;
}

static int add(struct codec_names *names, const char *name, size_t len)
{
	int coding = len ? find(name, len) : CODEC_IDENTITY;

	if (coding == CODEC_IDENTITY)
		return 0;
	if (coding < 0 || names->n == CODEC_MAX_NAMES)
		return CODEC_NAMES_E_UNKNOWN;
	names->codings[names->n++] = (uint8_t)coding;
	return 0;
}

int codec_names_read(const char *value, size_t len, struct codec_names *names)
{
	size_t at = 0;
	int r = 0;

	names->n = 0;
	while (r == 0 && at < len) {
		const char *comma = memchr(value + at, ',', len - at);
		size_t end = comma ? (size_t)(comma - value) : len, next = end + 1;

		while (at < end && (value[at] == ' ' || value[at] == '\t'))
			at++;
		while (end > at && (value[end - 1] == ' ' || value[end - 1] == '\t'))
			end--;
		r = add(names, value + at, end - at);
		at = next;
	}
	return r;
}
