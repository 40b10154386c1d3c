/* The formats that are JSON as they come; the first byte chooses one. */
#include "t/fuzz/format_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum format_id ids[] = { FORMAT_JSON, FORMAT_OTLP_JSON, FORMAT_LOKI_JSON,
					      FORMAT_KAFKAREST };

	if (len > 0)
		format_check(ids[data[0] % ARRAY_LEN(ids)], data + 1, len - 1);
	return 0;
}
