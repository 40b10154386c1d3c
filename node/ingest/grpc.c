#include "node/ingest/grpc.h"

#include <string.h>
#include <strings.h>

#include "common/clock.h"

static const char media_type[] = "application/grpc";

static const char *const paths[GRPC_METHODS] = {
	[GRPC_EXPORT] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
	[GRPC_CHECK] = "/grpc.health.v1.Health/Check",
	[GRPC_WATCH] = "/grpc.health.v1.Health/Watch",
};

bool grpc_is_type(struct http_slice content_type)
{
	size_t n = sizeof(media_type) - 1;

	if (content_type.len < n || strncasecmp(content_type.data, media_type, n) != 0)
		return false;
	return content_type.len == n || strchr("+; ", content_type.data[n]) != NULL;
}

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

/* Of one unit of time; 0: the letter is none. */
static uint64_t unit_ns(char letter)
{
	switch (letter) {
	case 'H':
		return 3600 * 1000 * US_PER_S;
	case 'M':
		return 60 * 1000 * US_PER_S;
	case 'S':
		return 1000 * US_PER_S;
	case 'm':
		return 1000 * US_PER_MS;
	case 'u':
		return 1000;
	case 'n':
		return 1;
	default:
		return 0;
	}
}

/* Eight digits of hours are less than 2^64 ns. */
bool grpc_read_timeout(struct http_slice value, uint64_t *usp)
{
	uint64_t n = 0, ns;

	if (value.len < 2 || value.len > 9)
		return false;
	for (size_t i = 0; i + 1 < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value.data[i] - '0');
	}
	ns = unit_ns(value.data[value.len - 1]);
	if (ns == 0)
		return false;
	*usp = ns >= 1000 ? n * (ns / 1000) : n / 1000;
	return true;
}

/* What HTTP says with the status of the refusal, as far as gRPC has no word of its own for it. */
static enum grpc_code code_of_status(int status)
{
	switch (status) {
	case 401:
		return GRPC_UNAUTHENTICATED;
	case 404:
	case 405:
	case 415:
	case 501:
		return GRPC_UNIMPLEMENTED;
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
		return GRPC_INVALID_ARGUMENT;
	}
}

enum grpc_code grpc_code_of(enum refusal refusal)
{
	switch (refusal) {
	case REFUSAL_GRPC_FRAME:
		return GRPC_INTERNAL; /* as the specification of gRPC wants it */
	case REFUSAL_UNKNOWN_SERVICE:
		return GRPC_NOT_FOUND;
	default:
		return code_of_status(refusal_info(refusal)->status);
	}
}

void grpc_write_message(struct buf *out, const char *text)
{
	for (; *text; text++)
		if (*text >= ' ' && *text <= '~' && *text != '%')
			buf_append(out, text, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
}
