/*
 * Whatever a body is taken for, by its path, its first bytes and its media type, that format keeps
 * its promises on it.
 */
#include "common/format/format_route.h"
#include "t/fuzz/format_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const types[] = { "",
					     "application/json",
					     "text/plain; charset=utf-8",
					     "application/msgpack",
					     "application/x-protobuf",
					     "application/x-www-form-urlencoded",
					     "application/vnd.fdo.journal",
					     "application/vnd.kafka.json.v2+json" };
	const char *type;
	AUTO_FREE char *copy = NULL;
	struct format_body body = { 0 };
	enum format_id id;

	if (len == 0)
		return 0;
	type = types[data[0] % ARRAY_LEN(types)];
	copy = malloc(len);
	assert(copy);
	memcpy(copy, data + 1, len - 1);
	body = (struct format_body){ .data = copy, .len = len - 1 };
	id = format_detect((enum format_family)(data[0] / ARRAY_LEN(types) % FORMAT_FAMILIES),
			   &body, (struct format_slice){ type, strlen(type) });
	assert(id < FORMATS);
	format_check(id, data + 1, len - 1);
	return 0;
}
