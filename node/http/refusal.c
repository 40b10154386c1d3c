#include "node/http/refusal.h"

#define INFO(id, status, name, detail) [id] = { status, name, detail },
static const struct http_refusal_info infos[] = { REFUSAL_TABLE(INFO) };
static_assert(ARRAY_LEN(infos) == REFUSALS, "every refusal has a row");

#define NAME(id, status, name, detail) [id] = name,
const char *const refusal_names[] = { HTTP_REFUSAL_TABLE(NAME) REFUSAL_TABLE(NAME) };
static_assert(ARRAY_LEN(refusal_names) == REFUSALS, "every refusal has a name");

const struct http_refusal_info *refusal_info(enum refusal refusal)
{
	assert(refusal < REFUSALS);
	return refusal <= REFUSAL_OF_HTTP ? &http_refusals[refusal] : &infos[refusal];
}
