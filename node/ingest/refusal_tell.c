#include "node/ingest/refusal_tell.h"

#include "common/http/http_text.h"
#include "common/http/token_book.h"
#include "common/log.h"
#include "node/ingest/loops.h"
#include "node/ingest/refused.h"
#include "node/node_metrics.h"

#define REFUSED "request refused"
/* The log holds lines back by the address of their message. Each reason has one of its own, so that
 * many refusals for one reason do not hide the few for another. */
static const char refused_messages[REFUSALS][sizeof(REFUSED)] = { [0 ... REFUSALS - 1] = REFUSED };

void refusal_count(struct conn_shared *shared, const struct answer *answer, enum refusal refusal)
{
	struct metrics_shard *metrics = shared->config.metrics;

	metrics_add(metrics, M_REFUSED, refusal, 1);
	if (answer->format)
		metrics_add(metrics, M_FORMAT_REFUSALS,
			    metrics_pair(metrics, M_FORMAT_REFUSALS, answer->format - 1u, refusal),
			    1);
}

void refusal_tell(struct conn_shared *shared, const struct net_addr *peer, const char *client_name,
		  const struct answer *answer, enum refusal refusal, struct http_slice path)
{
	const struct http_refusal_info *info = refusal_info(refusal);
	const struct token_book *tokens = shared->config.api.tokens;
	const char *token = answer->token ? token_book_name(tokens, answer->token - 1u) : NULL;
	struct refused *refused = shared->config.refused;
	char text[NET_ADDR_STRLEN];

	refusal_count(shared, answer, refusal);
	if (info->status == 503)
		return;
	net_addr_format(peer, text);
	log_warn("ingest", refused_messages[refusal],
		 "client=%s status=%d reason=%s format=%s token=%s name=%s", text, info->status,
		 info->name, answer->format ? format_names[answer->format - 1] : "-",
		 token ? token : "-", client_name ? client_name : "-");
	if (!token)
		token = client_name;
	if (refused)
		refused_note(refused, &(struct refused_who){ peer, token, answer->method }, path,
			     refusal, shared->now_us);
}

void refusal_tell_circle(const struct http_head *head, enum refusal refusal)
{
	char node[ANALYZER_ID_MAX + 1], pools[LOOPS_MAX_VIA + 1];

	http_slice_copy(head->weir_node, node, sizeof(node));
	http_slice_copy(head->weir_pool, pools, sizeof(pools));
	log_error("ingest", "a packet goes in a circle",
		  "reason=%s from_node=%s pools=%s remedy=%s runbook=%s",
		  refusal_info(refusal)->name, node, pools,
		  "remove the analyzer that leads back to this pool",
		  LOG_RUNBOOK "packets-go-in-a-circle");
}
