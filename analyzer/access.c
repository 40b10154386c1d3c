#include "analyzer/access.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "common/conf/conf_reload.h"
#include "common/http/secret.h"

#define MAX_HOST 64 /* bytes of an address or "localhost" */

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strncmp(address, "::ffff:127.", 11) == 0 ||
	       strcmp(address, "::1") == 0;
}

/* Browsers say which page asks. No page is served here, so none of them has any business here. */
static bool is_of_a_page(const struct request *rq)
{
	const char *origin = mg_get_header(rq->conn, "Origin");
	const char *site = mg_get_header(rq->conn, "Sec-Fetch-Site");

	return origin || (site && strcmp(site, "none") != 0);
}

/* A name can be made to point here by whoever owns it; an address and localhost cannot. */
static bool is_named_safely(const struct request *rq)
{
	const char *header = mg_get_header(rq->conn, "Host");
	char host[MAX_HOST];
	unsigned char address[sizeof(struct in6_addr)];
	size_t len;

	if (!header)
		return true; /* HTTP/1.0: no browser */
	if (*header == '[') {
		len = strcspn(++header, "]");
		if (header[len] != ']')
			return false;
	} else {
		len = strcspn(header, ":");
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, header, len);
	host[len] = '\0';
	return strcasecmp(host, "localhost") == 0 || inet_pton(AF_INET, host, address) == 1 ||
	       inet_pton(AF_INET6, host, address) == 1;
}

enum refusal access_check(const struct config *config, const struct request *rq)
{
	const char *token = conf_string(&config->control_token);
	const char *given = mg_get_header(rq->conn, "Authorization");

	if (is_of_a_page(rq))
		return REFUSED_ORIGIN;
	if (token)
		return given && secret_is_bearer(given, strlen(given), token) ? REFUSED_NOT
									      : REFUSED_TOKEN;
	if (!is_named_safely(rq))
		return REFUSED_HOST;
	return is_loopback(rq->info->remote_addr) ? REFUSED_NOT : REFUSED_REMOTE;
}
