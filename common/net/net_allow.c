#include "common/net/net_allow.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define V4_BITS 96 /* of ::ffff:0:0/96, in front of an IPv4 address */

/* IPv4 is ::ffff:0:0/96 here, so that there is one kind of range. */
struct range {
	uint8_t bytes[16];
	unsigned n_bits;
};

struct net_allow {
	struct range *ranges;
	char **patterns;
	size_t n_ranges, n_patterns;
	struct net_allow *_Atomic newer; /* owned; holds in its place, NULL: none */
	struct net_allow *older;         /* owned; of `newer`: what it replaced */
};

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };
static const uint8_t nat64_prefix[12] = { 0x00, 0x64, 0xff, 0x9b };

/* clang-format off */
#define V4(a, b, c, d, n) { .bytes = { [10] = 0xff, 0xff, a, b, c, d }, .n_bits = V4_BITS + (n) }
/* clang-format on */

/* Open to those alone who name them. */
static const struct {
	struct range range;
	const char *why;
} guarded[] = {
	{ V4(169, 254, 0, 0, 16), "is link-local, where clouds keep their metadata" },
	{ V4(0, 0, 0, 0, 8), "is no address of a host" },
	{ V4(100, 100, 100, 200, 32), "is a metadata service" },
	{ V4(168, 63, 129, 16, 32), "is a metadata service" },
	{ V4(192, 0, 0, 0, 24), "is reserved, and a metadata service" },
	{ V4(224, 0, 0, 0, 4), "is multicast" },
	{ V4(255, 255, 255, 255, 32), "is the broadcast address" },
	{ { .bytes = { 0 }, .n_bits = 128 }, "is no address of a host" },
	{ { .bytes = { 0xfe, 0x80 }, .n_bits = 10 }, "is link-local" },
	{ { .bytes = { 0xfd, 0x00, 0x0e, 0xc2 }, .n_bits = 32 }, "is a metadata service" },
	{ { .bytes = { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54 }, .n_bits = 128 },
	  "is a metadata service" },
	{ { .bytes = { 0xff }, .n_bits = 8 }, "is multicast" },
};

/* ---- ranges ---- */

static bool is_v4(const uint8_t bytes[16])
{
	return memcmp(bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

/* The first n_bits are those of the range. ::/0 is IPv6 alone. */
static bool has(const struct range *range, const uint8_t bytes[16])
{
	unsigned n = range->n_bits / 8, rest = range->n_bits % 8;

	if (range->n_bits < V4_BITS && is_v4(bytes))
		return false;
	if (memcmp(range->bytes, bytes, n) != 0)
		return false;
	return rest == 0 || (range->bytes[n] ^ bytes[n]) >> (8 - rest) == 0;
}

static bool is_within(const struct range *inner, const struct range *outer)
{
	return inner->n_bits >= outer->n_bits && has(outer, inner->bytes);
}

/* False: it is neither IPv4 nor IPv6. */
static bool bytes_of(const struct net_addr *addr, uint8_t bytes[16])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;

	memcpy(bytes, v4_prefix, sizeof(v4_prefix));
	if (addr->sa.ss_family == AF_INET)
		memcpy(bytes + 12, &in->sin_addr, 4);
	else if (addr->sa.ss_family != AF_INET6)
		return false;
	else if (memcmp(&in6->sin6_addr, nat64_prefix, sizeof(nat64_prefix)) == 0)
		memcpy(bytes + 12, &in6->sin6_addr.s6_addr[12], 4);
	else
		memcpy(bytes, &in6->sin6_addr, 16);
	return true;
}

/* ---- patterns ---- */

/* `host` has no dot at its end: len is without it. Time is at most the product of the lengths. */
static bool matches(const char *pattern, const char *host, size_t len)
{
	const char *star = NULL, *end = host + len, *again = NULL;

	while (host < end) {
		if (*pattern == '*') {
			star = pattern++;
			again = host;
		} else if (*pattern == tolower((unsigned char)*host)) {
			pattern++;
			host++;
		} else if (star) {
			pattern = star + 1;
			host = ++again;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

static const struct net_allow *current(const struct net_allow *allow)
{
	const struct net_allow *newer = atomic_load(&allow->newer);

	return newer ? newer : allow;
}

bool net_allow_has_name(const struct net_allow *allow, const char *host)
{
	size_t len = strlen(host);

	allow = current(allow);

	if (len > 1 && host[len - 1] == '.')
		len--;
	for (size_t i = 0; i < allow->n_patterns; i++)
		if (matches(allow->patterns[i], host, len))
			return true;
	return false;
}

/* ---- what is refused ---- */

/* An entry within `around` has it. */
static bool is_named(const struct net_allow *a, const struct range *around, const uint8_t *bytes)
{
	for (size_t i = 0; i < a->n_ranges; i++)
		if (has(&a->ranges[i], bytes) && (!around || is_within(&a->ranges[i], around)))
			return true;
	return false;
}

const char *net_allow_refuses(const struct net_allow *allow, const char *host,
			      const struct net_addr *addr)
{
	struct net_addr numeric;
	uint8_t bytes[16];

	if (!allow)
		return NULL;
	allow = current(allow);
	if (!bytes_of(addr, bytes))
		return "is no IP address";
	for (size_t i = 0; i < ARRAY_LEN(guarded); i++)
		if (has(&guarded[i].range, bytes))
			return is_named(allow, &guarded[i].range, bytes) ? NULL : guarded[i].why;
	if (is_named(allow, NULL, bytes))
		return NULL;
	if (net_allow_has_name(allow, host) && net_addr_numeric(&numeric, host, 0) != 0)
		return NULL;
	return "is not in the list";
}

/* ---- reading ---- */

/* The prefix's length, within max; UINT_MAX: none. */
static unsigned parse_bits(const char *text, unsigned max)
{
	size_t n_digits = strspn(text, "0123456789");
	unsigned long bits =
		n_digits && n_digits <= 3 && !text[n_digits] ? strtoul(text, NULL, 10) : max + 1;

	return bits <= max ? (unsigned)bits : UINT32_MAX;
}

static bool ends_at_prefix(const struct range *range)
{
	for (unsigned i = range->n_bits; i < 128; i++)
		if (range->bytes[i / 8] & (0x80 >> i % 8))
			return false;
	return true;
}

/* NULL: it is one. */
static const char *parse_range(const char *entry, struct range *range)
{
	size_t len = strcspn(entry, "/");
	char host[INET6_ADDRSTRLEN];
	unsigned before = 0;

	if (len >= sizeof(host))
		return "is no address";
	memcpy(host, entry, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, range->bytes + 12) == 1) {
		memcpy(range->bytes, v4_prefix, sizeof(v4_prefix));
		before = V4_BITS;
	} else if (inet_pton(AF_INET6, host, range->bytes) != 1) {
		return "is no address";
	}
	range->n_bits = entry[len] ? parse_bits(entry + len + 1, 128 - before) : 128 - before;
	if (range->n_bits == UINT32_MAX)
		return "needs a prefix of 0 to 32 bits, for IPv6 128, behind its slash";
	range->n_bits += before;
	return ends_at_prefix(range) ? NULL : "has bits set behind its prefix, as 10.0.0.1/8 has";
}

/* NULL: it is one. Whatever could be meant as an address is none. */
static const char *check_pattern(const char *entry)
{
	static const char name[] =
		"*-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strlen(entry);

	if (len == 0 || len > 255 || strspn(entry, name) != len)
		return "is neither a range (10.0.0.0/8) nor a host name (*.example.com)";
	if (strspn(entry, "0123456789.*") == len && strpbrk(entry, "0123456789"))
		return "is no whole address: write a range, such as 10.0.0.0/8";
	return NULL;
}

static int add_pattern(struct net_allow *allow, const char *entry)
{
	char *copy = strdup(entry);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	allow->patterns[allow->n_patterns++] = copy;
	return 0;
}

static int add(struct net_allow *allow, const char *entry, const char **whyp)
{
	uint8_t v4[4];

	if (strpbrk(entry, "/:") || inet_pton(AF_INET, entry, v4) == 1) {
		*whyp = parse_range(entry, &allow->ranges[allow->n_ranges]);
		allow->n_ranges += !*whyp;
		return *whyp ? NET_E_SYNTAX : 0;
	}
	*whyp = check_pattern(entry);
	return *whyp ? NET_E_SYNTAX : add_pattern(allow, entry);
}

int net_allow_new(const char *const *entries, size_t n_entries, struct net_allow **allowp,
		  const char **badp, const char **whyp)
{
	struct net_allow *allow = calloc(1, sizeof(*allow));
	int r = -ENOMEM;

	if (!allow)
		return r;
	allow->ranges = calloc(n_entries + 1, sizeof(*allow->ranges));
	allow->patterns = calloc(n_entries + 1, sizeof(*allow->patterns));
	if (allow->ranges && allow->patterns)
		r = 0;
	for (size_t i = 0; i < n_entries && r == 0; i++) {
		*badp = entries[i];
		r = add(allow, entries[i], whyp);
	}
	if (r != 0)
		net_allow_free(allow);
	else
		*allowp = allow;
	return r;
}

void net_allow_replace(struct net_allow *allow, struct net_allow *newer)
{
	newer->older = atomic_exchange(&allow->newer, newer);
}

void net_allow_free(struct net_allow *allow)
{
	if (!allow)
		return;
	net_allow_free(atomic_load(&allow->newer));
	net_allow_free(allow->older);
	for (size_t i = 0; i < allow->n_patterns; i++)
		free(allow->patterns[i]);
	free(allow->patterns);
	free(allow->ranges);
	free(allow);
}
