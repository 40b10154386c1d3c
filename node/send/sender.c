#include "node/send/sender.h"

#include <stdlib.h>

#include "common/net/net_url.h"
#include "common/tls/tls_context.h"
#include "node/send/sender_h2.h"
#include "node/send/sender_plain.h"

/* The senders by HTTP/2. */
enum by_h2 { BY_H2C, BY_HTTPS, BY_GRPCS, BY_H2S };

struct sender {
	struct event_base *base;       /* borrowed */
	const struct net_allow *allow; /* borrowed */
	struct tls_context *tls;       /* borrowed, or own_tls; NULL: it is not needed yet */
	struct tls_context *own_tls;
	struct sender_plain *plain;
	struct sender_plain *secure; /* made when first needed, as are the next */
	struct sender_h2 *h2[BY_H2S];
};

struct sender *sender_new(struct event_base *base, const struct net_allow *allow)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->base = base;
	s->allow = allow;
	s->plain = sender_plain_new(base, allow, NULL);
	if (!s->plain) {
		sender_free(s);
		return NULL;
	}
	return s;
}

void sender_set_tls(struct sender *s, struct tls_context *tls)
{
	s->tls = tls;
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	sender_plain_free(s->plain);
	for (enum by_h2 by = 0; by < BY_H2S; by++)
		sender_h2_free(s->h2[by]);
	sender_plain_free(s->secure);
	tls_context_free(s->own_tls);
	free(s);
}

/* That of the owner, else one with the authorities of the system. NULL: out of memory. */
static struct tls_context *tls_of(struct sender *s)
{
	static const struct tls_config config = { .role = TLS_CLIENT, .alpn = SENDER_PROTOCOL };
	char why[TLS_WHY_SIZE];

	if (!s->tls && tls_context_new(&config, &s->own_tls, why) == 0)
		s->tls = s->own_tls;
	return s->tls;
}

static bool has_secure(struct sender *s)
{
	if (!s->secure && tls_of(s))
		s->secure = sender_plain_new(s->base, s->allow, s->tls);
	return s->secure != NULL;
}

/* has_secure was true when its request was placed. */
static void on_other(void *arg, struct transfer *t)
{
	struct sender *s = arg;

	sender_plain_take_over(s->secure, t);
}

static int start_h2(struct sender *s, struct transfer *t, enum by_h2 by)
{
	struct sender_h2_config config = { .base = s->base, .allow = s->allow };

	if (!s->h2[by] && by != BY_H2C) {
		config.tls = tls_of(s);
		config.protocols = by == BY_HTTPS ? "h2," SENDER_PROTOCOL : "h2";
		config.on_other = by == BY_HTTPS ? on_other : NULL;
		config.arg = s;
		if (!config.tls)
			return -ENOMEM;
	}
	if (!s->h2[by])
		s->h2[by] = sender_h2_new(&config);
	return s->h2[by] ? sender_h2_start(s->h2[by], t) : -ENOMEM;
}

/* The handshake with a host tells what it speaks. */
static int start_https(struct sender *s, struct transfer *t)
{
	if (!has_secure(s))
		return -ENOMEM;
	if (sender_plain_is_known(s->secure, t->url))
		return sender_plain_start(s->secure, t);
	return start_h2(s, t, BY_HTTPS);
}

int sender_start(struct sender *s, struct transfer *t)
{
	const char *behind;

	switch (net_url_scheme(t->url, &behind)) {
	case NET_H2C:
	case NET_GRPC:
		return start_h2(s, t, BY_H2C);
	case NET_HTTPS:
		return start_https(s, t);
	case NET_GRPCS:
		return start_h2(s, t, BY_GRPCS);
	default:
		return sender_plain_start(s->plain, t);
	}
}
