#ifndef WEIR_COMMON_FORWARDED_H
#define WEIR_COMMON_FORWARDED_H
/*
 * X-Forwarded-For: each proxy adds the address of its client behind a comma. What stands before
 * those that trusted proxies have added may be anybody's invention. Pure.
 */
#include "common/net/net_allow.h"

/* *addr: the last address that is no trusted proxy, or the first of the list. It stays as it was where
 * the list is empty, and at the first entry from behind that is no address. */
void forwarded_read(const struct net_allow *proxies, const char *list, size_t len,
		    struct net_addr *addr);

#endif
