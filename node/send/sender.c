#include "node/send/sender.h"

#include <stdlib.h>

#include "common/net/net_url.h"
#include "node/send/sender_curl.h"
#include "node/send/sender_h2.h"
#include "node/send/sender_plain.h"

struct sender {
	struct event_base *base;       /* borrowed */
	const struct net_allow *allow; /* borrowed */
	const struct sender_tls *tls;  /* borrowed; NULL: as the system has it */
	struct sender_plain *plain;
	struct sender_h2 *h2; /* made when first needed, as is the next */
	struct sender_curl
		*curl[2]; /* made when first needed; the second has transfers that are alone */
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
	sender_h2_free(s->h2);
	sender_curl_free(s->curl[0]);
	sender_curl_free(s->curl[1]);
	free(s);
}

static int start_h2(struct sender *s, struct transfer *t)
{
	if (!s->h2)
		s->h2 = sender_h2_new(s->base, s->allow);
	return s->h2 ? sender_h2_start(s->h2, t) : -ENOMEM;
}

static int start_curl(struct sender *s, struct transfer *t)
{
	struct sender_curl **curl = &s->curl[t->is_fresh];

	if (!*curl)
		*curl = sender_curl_new(s->base, s->allow, s->tls, t->is_fresh);
	return *curl ? sender_curl_start(*curl, t) : -ENOMEM;
}

int sender_start(struct sender *s, struct transfer *t)
{
	const char *behind;

	switch (net_url_scheme(t->url, &behind)) {
	case NET_HTTP:
		return sender_plain_start(s->plain, t);
	case NET_H2C:
	case NET_GRPC:
		return start_h2(s, t);
	default:
		return start_curl(s, t);
	}
}

void sender_turn(struct sender *s)
{
	for (unsigned i = 0; i < 2; i++)
		if (s->curl[i])
			sender_curl_turn(s->curl[i]);
}
