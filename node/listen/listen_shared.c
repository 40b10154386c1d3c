#include "node/listen/listen_shared.h"

#include <assert.h>

#include "common/log.h"
#include "node/ingest/refused.h"
#include "node/node_metrics.h"

static bool take(void *arg, size_t n_bytes)
{
	return memory_take(arg, n_bytes);
}

static void give(void *arg, size_t n_bytes)
{
	memory_give(arg, n_bytes);
}

int listen_shared_init(struct listen_shared *s, const struct listen_config *config)
{
	struct codec_memory memory = { take, give, config->memory };

	*s = (struct listen_shared){ .config = *config, .againp = &s->again };
	s->codec = codec_new(&memory);
	return s->codec ? 0 : -ENOMEM;
}

void listen_shared_deinit(struct listen_shared *s)
{
	assert(!s->dirty && !s->large && s->large_bytes == 0); /* all streams are closed */
	if (s->group_timer)
		event_free(s->group_timer);
	codec_free(s->codec);
}

void listen_drop(struct listen_shared *s, enum listen_port port, enum listen_drop reason,
		 uint64_t n_messages)
{
	struct metrics_shard *metrics = s->config.metrics;

	metrics_add(metrics, M_LISTEN_DROPPED,
		    metrics_pair(metrics, M_LISTEN_DROPPED, port, reason), n_messages);
}

#define REFUSED "message refused"
/* Each reason has an address of its own, by which the log holds lines back. */
static const char refused_messages[LISTEN_DROPS][sizeof(REFUSED)] = { [0 ... LISTEN_DROPS - 1] =
									      REFUSED };

/* What a request would have been refused with. */
static enum refusal refusal_of(enum listen_drop reason)
{
	switch (reason) {
	case LISTEN_DROP_TOO_LONG:
		return (enum refusal)HTTP_BODY_TOO_LARGE;
	case LISTEN_DROP_BAD_ENCODING:
		return REFUSAL_BAD_ENCODING;
	case LISTEN_DROP_EXPANDS:
		return REFUSAL_EXPANDS;
	case LISTEN_DROP_UNAUTHORIZED:
		return REFUSAL_UNAUTHORIZED;
	default:
		return REFUSAL_BAD_FORMAT;
	}
}

void listen_refuse(struct listen_shared *s, enum listen_port port, enum listen_drop reason,
		   const struct net_addr *peer)
{
	enum refusal refusal = refusal_of(reason);
	struct http_slice path = { listen_port_names[port], strlen(listen_port_names[port]) };
	struct metrics_shard *metrics = s->config.metrics;
	char text[NET_ADDR_STRLEN];

	listen_drop(s, port, reason, 1);
	metrics_add(metrics, M_REFUSED, refusal, 1);
	metrics_add(metrics, M_FORMAT_REFUSALS,
		    metrics_pair(metrics, M_FORMAT_REFUSALS, listen_port_format(port), refusal), 1);
	net_addr_format(peer, text);
	log_warn("listen", refused_messages[reason], "client=%s listener=%s reason=%s", text,
		 listen_port_names[port], listen_drop_names[reason]);
	if (s->config.refused)
		refused_note(s->config.refused, &(struct refused_who){ peer, NULL, HTTP_CONNECT },
			     path, refusal, s->now_us);
}
