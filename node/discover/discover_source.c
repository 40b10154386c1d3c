#include "node/discover/discover_source.h"

#include <stdio.h>
#include <string.h>

#include "common/net/net_url.h"

#define DNS "dns+"
#define SRV "srv+"
#define FILE_PREFIX "file:"

static const char *parse_file(struct source *s, const char *path)
{
	s->kind = SOURCE_FILE;
	if (!*path || strlen(path) >= sizeof(s->path))
		return "has no path, or one that is too long";
	strcpy(s->path, path);
	snprintf(s->name, sizeof(s->name), "file %.190s", path);
	return NULL;
}

static const char *parse_dns(struct source *s, const char *text)
{
	struct net_url url;
	const char *why, *behind;
	bool is_service = strncmp(text, SRV, strlen(SRV)) == 0;

	text += is_service ? strlen(SRV) : 0;
	if (net_url_scheme(text, &behind) == NET_SCHEMES)
		return "is no dns+http://NAME:PORT/PATH";
	why = target_parse(&s->pattern, text);
	if (why)
		return why;
	if (net_url_parse_analyzer(&url, s->pattern.url) != 0)
		return "is no dns+http://NAME:PORT/PATH";
	s->kind = is_service || url.host[0] == '_' ? SOURCE_SERVICE : SOURCE_ADDRESSES;
	strcpy(s->host, url.host);
	snprintf(s->name, sizeof(s->name), "%s %.180s", s->kind == SOURCE_SERVICE ? "srv" : "dns",
		 s->host);
	return NULL;
}

const char *source_parse(struct source *s, const char *text)
{
	*s = (struct source){ 0 };
	if (strncmp(text, FILE_PREFIX, strlen(FILE_PREFIX)) == 0)
		return parse_file(s, text + strlen(FILE_PREFIX));
	if (strncmp(text, DNS, strlen(DNS)) == 0)
		return parse_dns(s, text + strlen(DNS));
	return "begins with neither dns+http:// (or another scheme) nor file:";
}

bool source_read(const struct source *s, struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	static bool (*const read[SOURCE_KINDS])(const struct source *, struct target_list *,
						char *) = {
		[SOURCE_ADDRESSES] = discover_dns_addresses,
		[SOURCE_SERVICE] = discover_dns_service,
		[SOURCE_FILE] = discover_file_read,
	};

	assert(read[s->kind]);
	*list = (struct target_list){ 0 };
	if (read[s->kind](s, list, why))
		return true;
	target_list_deinit(list);
	return false;
}
