#include "common/format/format_route.h"

#include <string.h>

#define PATH(text) text, sizeof(text) - 1

/* The paths that most packets come to are first. */
static const struct {
	const char *path;
	size_t len;
	enum format_family family;
	bool has_prefix; /* something may stand before it */
} routes[] = {
	{ PATH("/ingest"), FORMAT_FAMILY_ANY, false },
	{ PATH("/v1/ingest"), FORMAT_FAMILY_ANY, false },
	{ PATH("/logs"), FORMAT_FAMILY_ANY, false },
	{ PATH("/message/send"), FORMAT_FAMILY_ANY, false },
	{ PATH("/v1/logs"), FORMAT_FAMILY_OTLP, true },
	{ PATH("/loki/api/v1/push"), FORMAT_FAMILY_LOKI, true },
	{ PATH("/api/prom/push"), FORMAT_FAMILY_LOKI, true },
	{ PATH("/services/collector"), FORMAT_FAMILY_HEC, true },
	{ PATH("/services/collector/event"), FORMAT_FAMILY_HEC, true },
	{ PATH("/services/collector/event/1.0"), FORMAT_FAMILY_HEC, true },
	{ PATH("/services/collector/raw"), FORMAT_FAMILY_HEC_RAW, true },
	{ PATH("/services/collector/raw/1.0"), FORMAT_FAMILY_HEC_RAW, true },
	{ PATH("/_bulk"), FORMAT_FAMILY_BULK, true },
	{ PATH("/gelf"), FORMAT_FAMILY_GELF, true },
	{ PATH("/upload"), FORMAT_FAMILY_JOURNAL, true },
};

static bool ends_with(const char *path, size_t len, const char *end, size_t n)
{
	return len >= n && memcmp(path + len - n, end, n) == 0;
}

/* /topics/NAME: Kafka's REST proxy. */
static const char topics[] = "/topics/";

static bool is_topic(const char *path, size_t len)
{
	const char *name = memrchr(path, '/', len);
	size_t n = name ? (size_t)(name + 1 - path) : 0;

	return n < len && ends_with(path, n, PATH(topics));
}

const char *format_route_find(const char *path, size_t len, enum format_family *familyp)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	/* a URL that ended in a slash, and a path behind it */
	for (; len > 1 && path[1] == '/'; len--)
		path++;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if ((!routes[i].has_prefix && len != routes[i].len) ||
		    !ends_with(path, len, routes[i].path, routes[i].len))
			continue;
		*familyp = routes[i].family;
		return routes[i].path;
	}
	*familyp = FORMAT_FAMILY_KAFKAREST;
	return is_topic(path, len) ? topics : NULL;
}
