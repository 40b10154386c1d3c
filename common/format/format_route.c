#include "common/format/format_route.h"

#include <string.h>

static const struct {
	const char *path;
	enum format_family family;
	bool has_prefix; /* something may stand before it */
} routes[] = {
	{ "/ingest", FORMAT_FAMILY_ANY, false },
	{ "/v1/ingest", FORMAT_FAMILY_ANY, false },
	{ "/logs", FORMAT_FAMILY_ANY, false },
	{ "/message/send", FORMAT_FAMILY_ANY, false },
	{ "/v1/logs", FORMAT_FAMILY_OTLP, true },
	{ "/loki/api/v1/push", FORMAT_FAMILY_LOKI, true },
	{ "/api/prom/push", FORMAT_FAMILY_LOKI, true },
	{ "/services/collector", FORMAT_FAMILY_HEC, true },
	{ "/services/collector/event", FORMAT_FAMILY_HEC, true },
	{ "/services/collector/event/1.0", FORMAT_FAMILY_HEC, true },
	{ "/services/collector/raw", FORMAT_FAMILY_HEC_RAW, true },
	{ "/services/collector/raw/1.0", FORMAT_FAMILY_HEC_RAW, true },
	{ "/_bulk", FORMAT_FAMILY_BULK, true },
	{ "/gelf", FORMAT_FAMILY_GELF, true },
	{ "/upload", FORMAT_FAMILY_JOURNAL, true },
};

static bool ends_with(const char *path, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(path + len - n, end, n) == 0;
}

/* /topics/NAME: Kafka's REST proxy. */
static const char topics[] = "/topics/";

static bool is_topic(const char *path, size_t len)
{
	const char *name = memrchr(path, '/', len);
	size_t n = name ? (size_t)(name + 1 - path) : 0;

	return n < len && ends_with(path, n, topics);
}

const char *format_route_find(const char *path, size_t len, enum format_family *familyp)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!ends_with(path, len, routes[i].path) ||
		    (!routes[i].has_prefix && len != strlen(routes[i].path)))
			continue;
		*familyp = routes[i].family;
		return routes[i].path;
	}
	*familyp = FORMAT_FAMILY_KAFKAREST;
	return is_topic(path, len) ? topics : NULL;
}
