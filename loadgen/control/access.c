#include "loadgen/control/access.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/http/secret.h"

#define MAX_HOST 64 /* bytes of an address or "localhost" */
#define SCHEME "http://"

static bool is_own_page(const struct control_asker *asker)
{
	const char *origin = asker->origin, *site = asker->site;

	if (site && strcmp(site, "none") != 0 && strcmp(site, "same-origin") != 0)
		return false;
	if (!origin)
		return true; /* no browser */
	return asker->host && strncmp(origin, SCHEME, strlen(SCHEME)) == 0 &&
	       strcasecmp(origin + strlen(SCHEME), asker->host) == 0;
}

/* A name can be made to point here by whoever owns it; an address and localhost cannot. */
static bool is_named_safely(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char name[MAX_HOST];
	size_t len;

	if (*host == '[') {
		len = strcspn(++host, "]");
		if (host[len] != ']')
			return false;
	} else {
		len = strcspn(host, ":");
	}
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

enum control_access control_access(const struct control_asker *asker, const char *token)
{
	const char *given = asker->authorization;

	if (!is_own_page(asker))
		return CONTROL_OTHER_PAGE;
	if (token)
		return given && secret_is_bearer(given, strlen(given), token) ? CONTROL_ALLOWED
									      : CONTROL_NO_TOKEN;
	if (asker->origin && !is_named_safely(asker->host))
		return CONTROL_OTHER_NAME;
	return CONTROL_ALLOWED;
}
