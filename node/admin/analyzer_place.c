#include "node/admin/analyzer_place.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/net/net_url.h"
#include "node/send/lookup.h"

#define WHY_BYTES 640
#define ADDRESS_STRLEN (INET6_ADDRSTRLEN + IF_NAMESIZE + 1) /* fe80::1%eth0 */

struct waiting_lookup {
	struct lookup lookup;
	struct event_base *base;
};

static void on_done(struct lookup *l)
{
	event_base_loopbreak(CONTAINER_OF(l, struct waiting_lookup, lookup)->base);
}

/* NULL: lookup->addrs are those of the host. Else why there are none. */
static const char *look_up(struct lookup *found, const char *host, uint16_t port)
{
	struct waiting_lookup w = { .lookup = { .on_done = on_done,
						.error = "no answer in time" } };
	struct timeval limit = clock_timeval(ANALYZER_PLACE_LOOKUP_MS * US_PER_MS);
	int r = -ENOMEM;

	w.base = event_base_new();
	if (w.base)
		r = lookup_start(&w.lookup, w.base, host, port);
	if (r == 0) {
		event_base_loopexit(w.base, &limit);
		event_base_dispatch(w.base);
		lookup_cancel(&w.lookup);
	}
	if (w.base)
		event_base_free(w.base);
	memcpy(found->addrs, w.lookup.addrs, sizeof(found->addrs));
	found->n_addrs = w.lookup.n_addrs;
	return r == 0 ? w.lookup.error : strerror(-r);
}

static void format_host(const struct net_addr *addr, char out[ADDRESS_STRLEN])
{
	if (getnameinfo((const struct sockaddr *)&addr->sa, addr->len, out, ADDRESS_STRLEN, NULL, 0,
			NI_NUMERICHOST) != 0)
		strcpy(out, "?");
}

static enum analyzer_place judge(const struct net_allow *allow, const char *host,
				 const struct net_addr *addr, char why[WHY_BYTES])
{
	const char *refused = net_allow_refuses(allow, host, addr);
	char text[ADDRESS_STRLEN];

	if (!refused)
		return PLACE_ALLOWED;
	format_host(addr, text);
	snprintf(
		why, WHY_BYTES,
		"url: no analyzer may live at %s%s%.255s: the address %s. See the option analyzer-allow.",
		text, strcmp(text, host) ? ", which is meant by " : "",
		strcmp(text, host) ? host : "", refused);
	return PLACE_REFUSED;
}

/* Letters, digits, '-', '_' between dots; and what stands last is no number, or it is an address to
 * some (WHATWG URL, "ends in a number"). */
static bool is_name(const char *host)
{
	static const char chars[] =
		"-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *label = host, *end;

	while (true) {
		size_t len = strspn(label, chars);

		end = label + len;
		if (len == 0 || len > 63 || (*end && *end != '.'))
			return false;
		if (!end[0] || !end[1])
			break;
		label = end + 1;
	}
	if (strncasecmp(label, "0x", 2) == 0 &&
	    label + 2 + strspn(label + 2, "0123456789abcdefABCDEF") == end)
		return false;
	return label + strspn(label, "0123456789") != end;
}

static bool is_plain_address(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || strchr(host, ':');
}

static enum analyzer_place check_address(const struct net_allow *allow, const char *host,
					 const struct net_addr *addr, char why[WHY_BYTES])
{
	enum analyzer_place place = judge(allow, host, addr, why);
	char text[ADDRESS_STRLEN];

	if (place != PLACE_ALLOWED || is_plain_address(host))
		return place;
	format_host(addr, text);
	snprintf(why, WHY_BYTES, "url: write the address %.255s as %s.", host, text);
	return PLACE_BAD;
}

static enum analyzer_place check_name(const struct net_allow *allow, const char *host,
				      uint16_t port, char why[WHY_BYTES])
{
	enum analyzer_place place = PLACE_ALLOWED;
	struct lookup found;
	const char *error;

	if (!is_name(host)) {
		snprintf(why, WHY_BYTES, "url: \"%.255s\" is neither an address nor a host name.",
			 host);
		return PLACE_BAD;
	}
	error = look_up(&found, host, port);
	if (error && net_allow_has_name(allow, host))
		return PLACE_ALLOWED; /* each address is judged when it is connected to */
	if (error) {
		snprintf(
			why, WHY_BYTES,
			"url: the name %.255s cannot be resolved here (%s), so its addresses cannot be compared with the option analyzer-allow, which does not have the name either.",
			host, error);
		return PLACE_UNKNOWN;
	}
	assert(found.n_addrs > 0 && found.n_addrs <= LOOKUP_MAX_ADDRS); /* none would be allowed */
	for (unsigned i = 0; i < found.n_addrs && place == PLACE_ALLOWED; i++)
		place = judge(allow, host, &found.addrs[i], why);
	return place;
}

enum analyzer_place analyzer_place_check(const struct net_allow *allow, const char *url,
					 char why[WHY_BYTES])
{
	struct net_addr addr;
	struct net_url parsed;

	if (net_url_parse_analyzer(&parsed, url) != 0) {
		snprintf(
			why, WHY_BYTES,
			"url must be http(s)://host[:port]/path, h2c://host[:port]/path or grpc(s)://host[:port], without user@.");
		return PLACE_BAD;
	}
	if (strstr(url, "://")[3] == '[' && !strchr(parsed.host, ':')) {
		snprintf(why, WHY_BYTES, "url: between brackets stands an IPv6 address.");
		return PLACE_BAD;
	}
	if (net_addr_numeric(&addr, parsed.host, parsed.port) == 0)
		return check_address(allow, parsed.host, &addr, why);
	return check_name(allow, parsed.host, parsed.port, why);
}
