#include "node/discover/discover_target.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/net_url.h"
#include "registry/membership.h"

#define DEFAULT_PATH "/ingest"
#define ACCEPTS_MARK ";accepts="
#define ENCODING_MARK ";encoding="
#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u
#define DIGEST_CHARS 8

void target_list_deinit(struct target_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->targets[i].headers);
	free(list->targets);
	*list = (struct target_list){ 0 };
}

bool target_list_add(struct target_list *list, const struct target *t)
{
	struct target *targets;
	char *headers = NULL;

	assert(list->n <= TARGETS_MOST);
	if (list->n == TARGETS_MOST)
		return false;
	targets = realloc(list->targets, (list->n + 1) * sizeof(*targets));
	if (!targets)
		return false;
	list->targets = targets;
	if (t->headers && !(headers = strdup(t->headers)))
		return false;
	targets[list->n] = *t;
	targets[list->n++].headers = headers;
	return true;
}

static bool has_same_headers(const struct target *a, const struct target *b)
{
	if (!a->headers || !b->headers)
		return a->headers == b->headers;
	return strcmp(a->headers, b->headers) == 0;
}

bool target_list_is(const struct target_list *a, const struct target_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->targets[i].id, b->targets[i].id) != 0 ||
		    strcmp(a->targets[i].spec, b->targets[i].spec) != 0 ||
		    !has_same_headers(&a->targets[i], &b->targets[i]))
			return false;
	return true;
}

static uint64_t digest(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	return hash;
}

void target_make_id(const char *prefix, const char *host, uint16_t port,
		    char id[ANALYZER_ID_MAX + 1])
{
	char text[2 * NET_HOST_SIZE + 16];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s%s%s-%u", prefix, *prefix ? "-" : "",
				      host, port);

	for (char *c = text; *c; c++)
		if (!roster_is_id((char[]){ *c, '\0' }))
			*c = '-';
	if (len <= ANALYZER_ID_MAX)
		strcpy(id, text);
	else
		snprintf(id, ANALYZER_ID_MAX + 1, "%.*s-%08x", ANALYZER_ID_MAX - DIGEST_CHARS - 1,
			 text, (unsigned)digest(FNV_START, text));
}

void target_write_spec(struct target *t, const char *source)
{
	char rest[64];
	uint64_t hash = digest(digest(digest(FNV_START, t->url), "\n"), source);

	static_assert(TARGET_SPEC_SIZE == 2 * sizeof(hash) + 1, "all of its digits fit");
	snprintf(rest, sizeof(rest), "\n%.17g\n%d%s", t->weight, (int)t->accepts,
		 t->encoding == ENCODING_GZIP ? "\ngzip" : "");
	snprintf(t->spec, sizeof(t->spec), "%016llx", (unsigned long long)digest(hash, rest));
}

const char *target_refuses(const struct target *t, const struct net_allow *allow)
{
	struct net_addr addr;
	struct net_url url;

	if (net_url_parse_analyzer(&url, t->url) != 0 ||
	    net_addr_numeric(&addr, url.host, url.port) != 0)
		return NULL;
	return net_allow_refuses(allow, url.host, &addr);
}

/* ---- its text ---- */

static bool is_url(const char *text)
{
	const char *behind;

	return net_url_scheme(text, &behind) != NET_SCHEMES;
}

/* Cuts off what stands behind the mark; NULL: there is none. */
static char *cut_behind(char *mark)
{
	if (!mark)
		return NULL;
	*mark = '\0';
	return mark + 1;
}

static bool is_number(const char *text, double *valuep)
{
	char *end;
	double value;

	if (!*text || strspn(text, "0123456789.eE+-") != strlen(text))
		return false;
	value = strtod(text, &end);
	if (*end == '\0')
		*valuep = value;
	return *end == '\0';
}

/* "URL*2", "URL=2". The star of a path's end is no mark: "http://h/""*" and "http://h/""**2". */
static void cut_weight(char *url, struct target *t)
{
	char *star = strrchr(url, '*'), *equals = strchr(url, '?') ? NULL : strrchr(url, '=');

	t->weight = 1;
	if (star && is_number(star + 1, &t->weight))
		*star = '\0';
	else if (equals && is_number(equals + 1, &t->weight))
		*equals = '\0';
}

static const char *take_accepts(struct target *t, const char *accepts)
{
	size_t len = strlen(t->url);
	bool ends_in_star = len > 2 && strcmp(t->url + len - 2, "/*") == 0;
	int i;

	if (!accepts && !ends_in_star)
		return NULL;
	i = roster_name_index(analyzer_accepts_names, accepts ? accepts : "request");
	if (i < 0)
		return accepts ? "accepts is none of those that PROTOCOL.md has"
			       : "only an analyzer with accepts=request has a URL that ends in /*";
	t->accepts = (enum analyzer_accepts)i;
	return NULL;
}

static const char *take_url(struct target *t, const char *text)
{
	struct net_url url;
	bool is_call;
	int n;

	static_assert(ANALYZER_URL_MAX == 512, "as the text below says");
	if (net_url_parse_analyzer(&url, text) != 0)
		return "is no URL: write http(s)://HOST:PORT/PATH, h2c:// or grpc(s)://HOST:PORT";
	is_call = url.scheme == NET_GRPC || url.scheme == NET_GRPCS;
	n = snprintf(t->url, sizeof(t->url), "%s%s", text,
		     is_call || strchr(strstr(text, "://") + 3, '/') ? "" : DEFAULT_PATH);
	if (n < 0 || (size_t)n >= sizeof(t->url))
		return "has a URL of more than 512 characters";
	if (!t->id[0])
		target_make_id("", url.host, url.port, t->id);
	return membership_check_url(t->url);
}

static const char *take_encoding(struct target *t, const char *encoding)
{
	int i = encoding ? roster_name_index(analyzer_encoding_names, encoding) : 0;

	t->encoding = i < 0 ? ENCODING_NONE : (enum analyzer_encoding)i;
	return i < 0 ? "encoding is neither identity nor gzip" : NULL;
}

const char *target_parse(struct target *t, const char *text)
{
	char copy[TARGET_TEXT_MAX + 1], *url = copy, *accepts, *encoding;
	const char *why;

	*t = (struct target){ 0 };
	text += strspn(text, " \t"); /* behind the comma of a list */
	if (strlen(text) > TARGET_TEXT_MAX)
		return "is too long";
	strcpy(copy, text);
	if (!is_url(copy)) {
		url = cut_behind(strchr(copy, '='));
		if (!url || !is_url(url))
			return "is no [ID=]URL[*WEIGHT], such as a1=http://10.0.0.7:9001/ingest*0.5";
		if (!roster_is_id(copy))
			return "has an id that is not 1 to 64 of A-Z a-z 0-9 . _ -";
		strcpy(t->id, copy);
	}
	accepts = strstr(url, ACCEPTS_MARK);
	encoding = strstr(url, ENCODING_MARK);
	if (accepts)
		*accepts = '\0';
	if (encoding)
		*encoding = '\0';
	cut_weight(url, t);
	why = take_url(t, url);
	if (!why)
		why = membership_check_weight(t->weight);
	if (!why)
		why = take_encoding(t, encoding ? encoding + strlen(ENCODING_MARK) : NULL);
	return why ? why : take_accepts(t, accepts ? accepts + strlen(ACCEPTS_MARK) : NULL);
}
