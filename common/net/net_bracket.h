#ifndef WEIR_COMMON_NET_NET_BRACKET_H
#define WEIR_COMMON_NET_NET_BRACKET_H
/* URLs that somebody put together without knowing that an IPv6 address needs brackets, as http://$(POD_IP):9001/. */
#include "common/buf.h"

/*
 * Appends the URL, with brackets around a bare IPv6 address as its host: http://fd00::7:9001/x
 * becomes http://[fd00::7]:9001/x. The last group is taken for the port wherever the rest is an
 * address. Any other text is appended as it is.
 */
void net_bracket_url(struct buf *out, const char *url);

#endif
