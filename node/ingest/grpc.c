#include "node/ingest/grpc.h"

#include <string.h>

#include "common/grpc/grpc_path.h"

static const char *const paths[GRPC_METHODS] = {
	[GRPC_EXPORT] = GRPC_EXPORT_PATH,
	[GRPC_CHECK] = GRPC_CHECK_PATH,
	[GRPC_WATCH] = GRPC_WATCH_PATH,
};

enum grpc_method grpc_find_method(struct http_slice path)
{
	for (enum grpc_method m = GRPC_EXPORT; m < GRPC_METHODS; m++)
		if (path.len == strlen(paths[m]) && memcmp(path.data, paths[m], path.len) == 0)
			return m;
	return GRPC_UNKNOWN;
}

const char *grpc_path(enum grpc_method method)
{
	assert(method < GRPC_METHODS);
	return paths[method];
}

enum grpc_code grpc_code_of(enum refusal refusal)
{
	switch (refusal) {
	case REFUSAL_GRPC_FRAME:
		return GRPC_INTERNAL; /* as the specification of gRPC wants it */
	case REFUSAL_UNKNOWN_SERVICE:
		return GRPC_NOT_FOUND;
	default:
		return grpc_code_of_status(refusal_info(refusal)->status);
	}
}
