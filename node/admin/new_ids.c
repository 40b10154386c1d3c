#include "node/admin/new_ids.h"

#include <netinet/in.h>
#include <string.h>

void new_ids_init(struct new_ids *n)
{
	memset(n, 0, sizeof(*n));
	pthread_mutex_init(&n->lock, NULL);
}

void new_ids_deinit(struct new_ids *n)
{
	pthread_mutex_destroy(&n->lock);
}

/* IPv4 as ::ffff:0:0/96, however the socket names it. */
static void key_of(const struct net_addr *from, uint8_t key[16])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&from->sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&from->sa;

	memset(key, 0, 16);
	if (from->sa.ss_family == AF_INET) {
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &in->sin_addr, 4);
	} else if (from->sa.ss_family == AF_INET6) {
		memcpy(key, &in6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) ? 16 : 8);
	}
}

static struct new_ids_place *find(struct new_ids *n, const uint8_t key[16])
{
	struct new_ids_place *oldest = &n->places[0];

	for (unsigned i = 0; i < NEW_IDS_PLACES; i++) {
		struct new_ids_place *p = &n->places[i];

		if (memcmp(p->address, key, 16) == 0)
			return p;
		if (p->clear_us < oldest->clear_us)
			oldest = p;
	}
	*oldest = (struct new_ids_place){ 0 };
	memcpy(oldest->address, key, 16);
	return oldest;
}

unsigned new_ids_take(struct new_ids *n, const struct net_addr *from, uint64_t now_us)
{
	const uint64_t full_us = (NEW_IDS_BURST - 1) * NEW_IDS_PERIOD_US;
	struct new_ids_place *p;
	uint8_t key[16];
	unsigned wait_s = 0;

	key_of(from, key);
	pthread_mutex_lock(&n->lock);
	p = find(n, key);
	if (p->clear_us < now_us)
		p->clear_us = now_us;
	if (p->clear_us - now_us > full_us)
		wait_s = (unsigned)((p->clear_us - now_us - full_us + US_PER_S - 1) / US_PER_S);
	else
		p->clear_us += NEW_IDS_PERIOD_US;
	pthread_mutex_unlock(&n->lock);
	return wait_s;
}
