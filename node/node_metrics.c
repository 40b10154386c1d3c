#include "node/node_metrics.h"

#include "common/format/format.h"
#include "common/front/front_config.h"
#include "common/http/token_book.h"
#include "common/process.h"
#include "node/deliver/batch.h"
#include "node/deliver/breaker.h"
#include "node/fate.h"
#include "node/http/refusal.h"
#include "node/ingest/conn_shared.h"
#include "node/ingest/conn_tls.h"
#include "node/listen/listen_port.h"
#include "node/node_tls.h"
#include "node/route/router.h"
#include "node/route/settler.h"
#include "registry/redis/redis_state.h"

static const char *const version_names[] = { WEIR_VERSION };
static const char *const compiler_names[] = { PROCESS_COMPILER };

struct metrics *node_metrics_new(void)
{
	static struct metrics_family families[NODE_METRICS_N];
	const struct metrics_family table[NODE_METRICS_N] = {
/* twice, so that BY_ANALYZER becomes the arguments that it stands for */
#define FAMILY_(name, type, label, values, n_values, label2, values2, n_values2, scale, help)      \
	{ name, type, help, label, values, n_values, label2, values2, n_values2, scale }
#define FAMILY(...) FAMILY_(__VA_ARGS__)
#define X(id, name, type, ...) [M_##id] = FAMILY(name, METRICS_##type, __VA_ARGS__),
		NODE_METRICS(X)
#undef X
#undef FAMILY
#undef FAMILY_
	};

	memcpy(families, table, sizeof(families));
	return metrics_new(families, NODE_METRICS_N);
}
