#include "registry/redis_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_PORT 6379

const char *redis_url_strerror(int error)
{
	switch (error) {
	case REDIS_URL_E_SYNTAX:
		return "expected redis://[user:password@]host[:port][/db] or unix:///path[?db=N]";
	case REDIS_URL_E_TLS:
		return "rediss:// needs a hiredis built with TLS, which this program was not linked with; "
		       "use redis:// or a TLS tunnel";
	case REDIS_URL_E_RESOLVE:
		return "the host name cannot be resolved";
	default:
		return strerror(-error);
	}
}

static int copy(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return REDIS_URL_E_SYNTAX;
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

/* %XX in user and password. */
static int copy_decoded(char *out, size_t size, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned c = (unsigned char)from[i];

		if (c == '%') {
			if (i + 2 >= len || !isxdigit((unsigned char)from[i + 1]) ||
			    !isxdigit((unsigned char)from[i + 2]) ||
			    sscanf(from + i + 1, "%2x", &c) != 1)
				return REDIS_URL_E_SYNTAX;
			i += 2;
		}
		if (n + 1 >= size || c == '\0')
			return REDIS_URL_E_SYNTAX;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

static int parse_number(const char *text, size_t len, int max, int *valuep)
{
	int value = 0;

	if (len == 0 || len > 6)
		return REDIS_URL_E_SYNTAX;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return REDIS_URL_E_SYNTAX;
		value = value * 10 + (text[i] - '0');
	}
	if (value > max)
		return REDIS_URL_E_SYNTAX;
	*valuep = value;
	return 0;
}

static int parse_credentials(struct redis_url *url, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t)(colon - text) : len;
	int r = copy_decoded(url->user, sizeof(url->user), text, user_len);

	if (r == 0 && colon)
		r = copy_decoded(url->password, sizeof(url->password), colon + 1,
				 len - user_len - 1);
	return r;
}

static int parse_host(struct redis_url *url, const char *text, size_t len)
{
	const char *end, *host = text;
	size_t host_len;

	if (len > 0 && text[0] == '[') {
		end = memchr(text, ']', len);
		if (!end)
			return REDIS_URL_E_SYNTAX;
		host = text + 1;
		host_len = (size_t)(end - host);
		end++;
	} else {
		end = memchr(text, ':', len);
		if (!end)
			end = text + len;
		host_len = (size_t)(end - text);
	}
	if (host_len == 0 || copy(url->host, sizeof(url->host), host, host_len) != 0)
		return REDIS_URL_E_SYNTAX;
	if (end == text + len)
		return 0;
	if (*end != ':')
		return REDIS_URL_E_SYNTAX;
	if (parse_number(end + 1, (size_t)(text + len - end - 1), 65535, &url->port) != 0 ||
	    url->port == 0)
		return REDIS_URL_E_SYNTAX;
	return 0;
}

static int parse_unix(struct redis_url *url, const char *text)
{
	const char *query = strstr(text, "?db=");
	size_t len = query ? (size_t)(query - text) : strlen(text);

	if (len < 2 || text[0] != '/' || copy(url->path, sizeof(url->path), text, len) != 0)
		return REDIS_URL_E_SYNTAX;
	return query ? parse_number(query + 4, strlen(query + 4), 65535, &url->db) : 0;
}

static int parse_tcp(struct redis_url *url, const char *text)
{
	size_t len = strcspn(text, "/");
	const char *at = memrchr(text, '@', len), *path = text + len;
	int r = 0;

	if (at) {
		r = parse_credentials(url, text, (size_t)(at - text));
		len -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	if (r == 0)
		r = parse_host(url, text, len);
	if (r == 0 && path[0] == '/' && path[1])
		r = parse_number(path + 1, strlen(path + 1), 65535, &url->db);
	return r;
}

int redis_url_parse(struct redis_url *url, const char *text)
{
	memset(url, 0, sizeof(*url));
	pthread_mutex_init(&url->lock, NULL);
	url->port = DEFAULT_PORT;
	if (strncmp(text, "rediss://", 9) == 0)
		return REDIS_URL_E_TLS;
	if (strncmp(text, "unix://", 7) == 0)
		return parse_unix(url, text + 7);
	if (strncmp(text, "redis://", 8) == 0)
		return parse_tcp(url, text + 8);
	return REDIS_URL_E_SYNTAX;
}

int redis_url_resolve(struct redis_url *url)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET }, *list = NULL;
	char address[INET6_ADDRSTRLEN];
	int r;

	if (url->path[0])
		return 0;
	/* IPv4 first, as hiredis does: a Redis bound to 127.0.0.1 alone is found by "localhost" */
	if (getaddrinfo(url->host, NULL, &hints, &list) != 0) {
		hints.ai_family = AF_UNSPEC;
		if (getaddrinfo(url->host, NULL, &hints, &list) != 0)
			return REDIS_URL_E_RESOLVE;
	}
	r = getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof(address), NULL, 0,
			NI_NUMERICHOST);
	freeaddrinfo(list);
	if (r != 0)
		return REDIS_URL_E_RESOLVE;
	pthread_mutex_lock(&url->lock);
	memcpy(url->address, address, sizeof(address));
	pthread_mutex_unlock(&url->lock);
	return 0;
}

bool redis_url_address(struct redis_url *url, char out[INET6_ADDRSTRLEN])
{
	pthread_mutex_lock(&url->lock);
	memcpy(out, url->address, INET6_ADDRSTRLEN);
	pthread_mutex_unlock(&url->lock);
	return out[0] != '\0';
}
