#include "common/grpc/grpc_code.h"

#include "common/err.h"

static const struct {
	const char *name;
	int status;
} codes[] = {
#define GRPC_ROW(id, value, name, status) [id] = { name, status },
	GRPC_CODE_TABLE(GRPC_ROW)
#undef GRPC_ROW
};
static_assert(ARRAY_LEN(codes) == GRPC_CODES, "every code has a row");

const char *grpc_code_name(enum grpc_code code)
{
	assert(code < GRPC_CODES);
	return codes[code].name;
}

/* 405 and 415 say that there is no such call, 408 and 429 that it may go well later. */
enum grpc_code grpc_code_of_status(int status)
{
	switch (status) {
	case 200 ... 299:
		return GRPC_OK;
	case 401:
		return GRPC_UNAUTHENTICATED;
	case 403:
		return GRPC_PERMISSION_DENIED;
	case 404:
	case 405:
	case 415:
	case 501:
		return GRPC_UNIMPLEMENTED;
	case 409:
		return GRPC_ALREADY_EXISTS;
	case 413:
	case 431:
		return GRPC_RESOURCE_EXHAUSTED;
	case 408:
	case 429:
	case 503:
		return GRPC_UNAVAILABLE;
	case 504:
		return GRPC_DEADLINE_EXCEEDED;
	case 508:
		return GRPC_FAILED_PRECONDITION;
	default:
		return status >= 500 ? GRPC_INTERNAL : GRPC_INVALID_ARGUMENT;
	}
}

int grpc_code_status(enum grpc_code code, bool may_retry)
{
	assert(code < GRPC_CODES);
	return code == GRPC_RESOURCE_EXHAUSTED && may_retry ? 429 : codes[code].status;
}

bool grpc_code_read(const char *text, enum grpc_code *codep)
{
	unsigned value = 0;

	if (!text[0] || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value >= GRPC_CODES)
			return false;
	}
	*codep = (enum grpc_code)value;
	return true;
}
