#include "node/send/sender.h"

#include <stdlib.h>
#include <strings.h>

#include "node/send/sender_curl.h"
#include "node/send/sender_plain.h"

struct sender {
	struct event_base *base;       /* borrowed */
	const struct net_allow *allow; /* borrowed */
	const struct sender_tls *tls;  /* borrowed; NULL: as the system has it */
	struct sender_plain *plain;
	struct sender_curl *curl; /* made when first needed */
};

struct sender *sender_new(struct event_base *base, const struct net_allow *allow)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->base = base;
	s->allow = allow;
	s->plain = sender_plain_new(base, allow);
	if (!s->plain) {
		sender_free(s);
		return NULL;
	}
	return s;
}

void sender_set_tls(struct sender *s, const struct sender_tls *tls)
{
	s->tls = tls;
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	sender_plain_free(s->plain);
	sender_curl_free(s->curl);
	free(s);
}

int sender_start(struct sender *s, struct transfer *t)
{
	if (strncasecmp(t->url, "http://", 7) == 0)
		return sender_plain_start(s->plain, t);
	if (!s->curl)
		s->curl = sender_curl_new(s->base, s->allow, s->tls);
	return s->curl ? sender_curl_start(s->curl, t) : -ENOMEM;
}

void sender_turn(struct sender *s)
{
	if (s->curl)
		sender_curl_turn(s->curl);
}
