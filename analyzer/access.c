#include "analyzer/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "common/conf/conf_reload.h"
#include "common/http/secret.h"

#define MAX_HOST 64 /* bytes of an address or "localhost" */

/* Browsers say which page asks. No page is served here, so none of them has any business here. */
static bool is_of_a_page(const struct front_request *rq)
{
	const char *origin = rq->fields[FIELD_ORIGIN];
	const char *site = rq->fields[FIELD_SEC_FETCH_SITE];

	return origin || (site && strcmp(site, "none") != 0);
}

/* A name can be made to point here by whoever owns it; an address and localhost cannot. */
static bool is_named_safely(const struct front_request *rq)
{
	const char *header = rq->fields[FIELD_HOST];
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

static bool is_bearer(const struct front_request *rq, const char *token)
{
	const char *given = rq->fields[FIELD_AUTHORIZATION];

	return given && secret_is_bearer(given, strlen(given), token);
}

enum refusal access_check_control(const struct config *config, const struct front_request *rq)
{
	const char *token = conf_string(&config->control_token);

	if (is_of_a_page(rq))
		return REFUSED_ORIGIN;
	if (token)
		return is_bearer(rq, token) ? REFUSED_NOT : REFUSED_TOKEN;
	if (!is_named_safely(rq))
		return REFUSED_HOST;
	return net_addr_is_loopback(&rq->from) ? REFUSED_NOT : REFUSED_REMOTE;
}

enum refusal access_check_delivery(const char *token, const struct front_request *rq)
{
	return !token || is_bearer(rq, token) ? REFUSED_NOT : REFUSED_DELIVERY_TOKEN;
}
