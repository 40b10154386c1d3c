#include "analyzer/sink/target.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/net/net_url.h"

#define GELF_PORT 12201

static const struct scheme {
	const char *name;
	enum target_kind kind;
	bool is_tls;
	const char *path; /* where the URL has none; NULL: it must have one, or needs none */
} schemes[] = {
	{ "gelf+udp://", TARGET_GELF_UDP, false, NULL },
	{ "gelf+tcp://", TARGET_GELF_TCP, false, NULL },
	{ "gelf+tls://", TARGET_GELF_TCP, true, NULL },
	{ "gelf+http://", TARGET_GELF_HTTP, false, "/gelf" },
	{ "gelf+https://", TARGET_GELF_HTTP, true, "/gelf" },
	{ "es+http://", TARGET_BULK, false, NULL },
	{ "es+https://", TARGET_BULK, true, NULL },
	{ "loki+http://", TARGET_LOKI, false, "/loki/api/v1/push" },
	{ "loki+https://", TARGET_LOKI, true, "/loki/api/v1/push" },
	{ "otlp+http://", TARGET_OTLP, false, "/v1/logs" },
	{ "otlp+https://", TARGET_OTLP, true, "/v1/logs" },
	{ "http://", TARGET_LINES, false, "/" },
	{ "https://", TARGET_LINES, true, "/" },
	{ "packets+http://", TARGET_PACKETS, false, "/" },
	{ "packets+https://", TARGET_PACKETS, true, "/" },
	{ "file:", TARGET_FILE, false, NULL },
};

/* What people write instead, and what they mean. */
static const char *const others[][2] = {
	{ "gelf://", "gelf+udp://HOST:12201, gelf+tcp:// or gelf+tls://" },
	{ "udp://", "gelf+udp://HOST:12201" },
	{ "tcp://", "gelf+tcp://HOST:12201" },
	{ "tls://", "gelf+tls://HOST:12201" },
	{ "es://", "es+http://HOST:9200/INDEX" },
	{ "elasticsearch://", "es+http://HOST:9200/INDEX" },
	{ "opensearch://", "es+http://HOST:9200/INDEX" },
	{ "loki://", "loki+http://HOST:3100" },
	{ "otlp://", "otlp+http://HOST:4318" },
	{ "/", "file:PATH" },
};

static const struct scheme *find_scheme(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncasecmp(text, schemes[i].name, strlen(schemes[i].name)) == 0)
			return &schemes[i];
	return NULL;
}

static int refuse(char why[TARGET_WHY_STRLEN], const char *reason)
{
	snprintf(why, TARGET_WHY_STRLEN, "%s", reason);
	return TARGET_E_SYNTAX;
}

static int refuse_scheme(const char *text, char why[TARGET_WHY_STRLEN])
{
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strncasecmp(text, others[i][0], strlen(others[i][0])) == 0) {
			snprintf(why, TARGET_WHY_STRLEN, "is no sink: write %s", others[i][1]);
			return TARGET_E_SYNTAX;
		}
	return refuse(
		why,
		"is no sink: it begins with gelf+udp://, gelf+tcp://, gelf+tls://, gelf+http(s)://, "
		"es+http(s)://, loki+http(s)://, otlp+http(s)://, http(s)://, packets+http(s):// or file:");
}

/* The port stands behind the last colon that is in no brackets. */
static bool has_port(const char *rest)
{
	size_t len = strcspn(rest, "/?#");
	const char *colon = memrchr(rest, ':', len), *bracket = memrchr(rest, ']', len);

	return colon && (!bracket || colon > bracket);
}

static int parse_place(struct target *target, const struct scheme *scheme, const char *rest,
		       char why[TARGET_WHY_STRLEN])
{
	struct net_url url;
	const char *http = scheme->is_tls ? "https://" : "http://";
	int n = snprintf(target->url, sizeof(target->url), "%s%s", http, rest);

	if (n < 0 || (size_t)n >= sizeof(target->url) || net_url_parse(&url, target->url) ||
	    strchr(rest, '#')) {
		snprintf(why, TARGET_WHY_STRLEN,
			 "is no %sHOST[:PORT]%s. A password goes into --sink-header-file",
			 scheme->name, scheme->kind <= TARGET_GELF_TCP ? "" : "[/PATH]");
		return TARGET_E_SYNTAX;
	}
	if (scheme->kind <= TARGET_GELF_TCP && !has_port(rest))
		url.port = GELF_PORT;
	snprintf(target->host, sizeof(target->host), "%s", url.host);
	snprintf(target->port, sizeof(target->port), "%u", url.port);
	if (scheme->kind <= TARGET_GELF_TCP) {
		if (strcmp(url.path, "/") != 0)
			return refuse(
				why, "has a path, and GELF over UDP or TCP has none: leave it out");
		snprintf(target->url, sizeof(target->url),
			 strchr(url.host, ':') ? "%s[%s]:%u" : "%s%s:%u", http, url.host, url.port);
	} else if (strcmp(url.path, "/") == 0 && scheme->path) {
		n = (int)(strlen(http) + strcspn(rest, "/?"));
		snprintf(target->url + n, sizeof(target->url) - (size_t)n, "%s", scheme->path);
	}
	return 0;
}

/* "/logs" becomes "/logs/_bulk". */
static int finish_bulk(struct target *target, char why[TARGET_WHY_STRLEN])
{
	char *index = strchr(strstr(target->url, "://") + 3, '/');
	size_t len = strlen(target->url);

	if (index && target->url[len - 1] == '/')
		target->url[--len] = '\0';
	if (!index || !index[0] || !index[1] || strchr(index, '?'))
		return refuse(why, "names no index: write es+http(s)://HOST:PORT/INDEX");
	if (len >= 6 && strcmp(target->url + len - 6, "/_bulk") == 0)
		return index + 6 == target->url + len
			       ? refuse(why, "names no index: write es+http(s)://HOST:PORT/INDEX")
			       : 0;
	if (len + 6 >= sizeof(target->url))
		return refuse(why, "is too long");
	memcpy(target->url + len, "/_bulk", 7);
	return 0;
}

int target_parse(struct target *target, const char *text, char why[TARGET_WHY_STRLEN])
{
	const struct scheme *scheme = find_scheme(text);
	const char *rest = scheme ? text + strlen(scheme->name) : NULL;
	int r;

	*target = (struct target){ 0 };
	if (!scheme)
		return refuse_scheme(text, why);
	target->kind = scheme->kind;
	target->is_tls = scheme->is_tls;
	if (scheme->kind == TARGET_FILE) {
		if (rest[0] == '/' && rest[1] == '/' && rest[2] == '/')
			rest += 2;
		if (!*rest || (rest[0] == '/' && rest[1] == '/') ||
		    strlen(rest) >= sizeof(target->url) - 16)
			return refuse(why, "names no file: write file:PATH");
		snprintf(target->url, sizeof(target->url), "%s", rest);
		return 0;
	}
	r = parse_place(target, scheme, rest, why);
	return !r && scheme->kind == TARGET_BULK ? finish_bulk(target, why) : r;
}

bool target_is_blind(const struct target *target)
{
	return target->kind <= TARGET_GELF_TCP;
}
