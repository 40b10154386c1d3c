/* A Content-Encoding is read within its bounds, and names codings that there are. */
#include <stdint.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec/codec_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct codec_names names = { 0 };

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	if (codec_names_read(copy, len, &names) != 0)
		return 0;
	assert(names.n <= CODEC_MAX_NAMES);
	for (unsigned i = 0; i < names.n; i++)
		assert(names.codings[i] > CODEC_IDENTITY && names.codings[i] < CODEC_CODINGS);
	return 0;
}
