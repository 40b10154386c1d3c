#include "common/net/forwarded.h"

#include <string.h>

#define MAX_ENTRY 64 /* bytes of an entry with its NUL */

/* The entry in [at, end), without blanks. False: it is no address. */
static bool read_entry(const char *at, const char *end, struct net_addr *addr)
{
	char text[MAX_ENTRY];

	while (at < end && *at == ' ')
		at++;
	if (end == at || (size_t)(end - at) >= sizeof(text))
		return false;
	memcpy(text, at, (size_t)(end - at));
	text[end - at] = '\0';
	text[strcspn(text, " ")] = '\0';
	return net_addr_numeric(addr, text, 0) == 0;
}

void forwarded_read(const struct net_allow *proxies, const char *list, size_t len,
		    struct net_addr *addr)
{
	const char *end = len ? list + len : list;

	while (end > list) {
		const char *comma = memrchr(list, ',', (size_t)(end - list));
		struct net_addr entry;

		if (!read_entry(comma ? comma + 1 : list, end, &entry))
			return;
		*addr = entry;
		if (!comma || net_allow_refuses(proxies, "", &entry))
			return;
		end = comma;
	}
}
