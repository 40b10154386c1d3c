#ifndef WEIR_NODE_PROBE_H
#define WEIR_NODE_PROBE_H
/*
 * The node's own look at its analyzers, at an interval with jitter, on the loop of the control thread:
 * GET /health beside the delivery URL, or grpc.health.v1.Health/Check where that is of gRPC.
 * `fall` failures in a row: down; `rise` successes: up.
 *
 * No answer is a failure, and so is a 5xx but 501. An HTTP server that knows no /health is alive. A
 * health service must say SERVING. The first probe comes at any moment of the first interval, so that
 * nodes that heard of an analyzer at the same time do not ask it at the same time.
 */
#include <event2/event.h>

#include "node/send/failures.h"
#include "node/send/sender.h"
#include "registry/roster.h"

struct prober;

struct prober_config {
	struct event_base *base;       /* borrowed */
	const struct net_allow *allow; /* see sender_new */
	struct tls_context *tls;       /* see sender_set_tls */
	uint32_t interval_ms, timeout_ms;
	uint32_t rise, fall;       /* at least 1 */
	struct failures *failures; /* borrowed; NULL: nobody reads them */
	void (*on_change)(void *arg, unsigned slot, bool is_down);
	void *arg;
};

/* NULL: out of memory. */
struct prober *prober_new(const struct prober_config *config);
void prober_free(struct prober *p);
/* Whom to probe from now on. A new instance counts as up, and so does one at another URL. A probe under way stays
 * what it was, and what it finds of who was there before counts for nobody. */
void prober_set_roster(struct prober *p, const struct roster *roster);

/* http://host:port/a/ingest -> http://host:port/a/health; a URL of gRPC stays as it is. */
void probe_health_url(const char *url, char out[ANALYZER_URL_MAX + 8]);

#endif
