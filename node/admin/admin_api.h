#ifndef WEIR_NODE_ADMIN_API_H
#define WEIR_NODE_ADMIN_API_H
/*
 * The handlers of the admin port, and what they share:
 *   admin_read.c      analyzers, nodes, the cluster
 *   admin_register.c  analyzers register, beat and leave
 *   admin_change.c    operators change them
 *   admin_config.c    the configuration of this node
 *   admin_refusals.c  which agents are refused
 *   admin_stats.c     figures under short names
 *   admin_live.c      what the dashboard shows
 *   admin_entries.c   the spill and the dead letters, looked at
 *   admin_dead.c      dead letters sent again, or deleted
 */
#include <cjson/cJSON.h>
#include <pthread.h>

#include "common/front/front_request.h"
#include "node/admin/new_ids.h"
#include "node/control/control.h"
#include "node/watch/watch.h"
#include "registry/redis/client.h"

struct admin_config {
	struct node_shared *shared; /* borrowed, as all of these */
	struct control *control;
	struct watch *watch;
	const struct metrics_shard *const *shards;
	unsigned n_shards;
};

struct admin_api {
	struct admin_config config;
	pthread_mutex_t lock;       /* of client: one call at a time */
	struct client *client;      /* owned by the admin */
	pthread_mutex_t store_lock; /* of store; see admin_store.h */
	struct client *store;       /* owned by the admin */
	struct new_ids new_ids;
	struct metrics_shard metrics; /* of the front, which alone writes it */
};

/* id: what stands at the path's {}, "" where it has none. Each answers the request and returns the
 * status. */
int admin_get_cluster(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_nodes(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_node(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_config(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_refusals(struct admin_api *api, struct front_request *rq, const char *id);
int admin_list_analyzers(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_analyzer(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_overview(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_history(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_events(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_stats(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_queue(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_analyzer_stats(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_health(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_metrics_json(struct admin_api *api, struct front_request *rq, const char *id);
int admin_register(struct admin_api *api, struct front_request *rq, const char *id);
int admin_heartbeat(struct admin_api *api, struct front_request *rq, const char *id);
int admin_deregister(struct admin_api *api, struct front_request *rq, const char *id);
int admin_change(struct admin_api *api, struct front_request *rq, const char *id);
int admin_list_dead(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_dead(struct admin_api *api, struct front_request *rq, const char *entry);
int admin_replay_dead(struct admin_api *api, struct front_request *rq, const char *id);
int admin_purge_dead(struct admin_api *api, struct front_request *rq, const char *id);
int admin_list_spill(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_spill(struct admin_api *api, struct front_request *rq, const char *entry);

/* Whether GET /v1/events is to be a stream. */
bool admin_wants_stream(const struct front_request *rq);

/* A problem with a status, a code and a sentence; allow may be NULL. */
int admin_refuse(struct front_request *rq, int status, const char *code, const char *detail,
		 const char *allow);
#define ADMIN_ETAG_MAX 32
/* Of an analyzer with that revision: it stands for what operators set, not for the counters. */
void admin_write_etag(uint64_t revision, char etag[ADMIN_ETAG_MAX]);
#define ADMIN_BY_SIZE 384
/* Who asks, for log and journal: "ops@desk with the admin token, from 10.0.0.7". */
void admin_write_by(const struct front_request *rq, char out[ADMIN_BY_SIZE]);
/* 400 bad_field. */
int admin_bad_field(struct front_request *rq, const char *why);
/* 503 with the time after which to come again. */
int admin_refuse_for(struct front_request *rq, int status, const char *code, const char *detail,
		     unsigned retry_after_s);
/* What a function of membership.h returned, about analyzer `id`. */
int admin_refuse_error(struct admin_api *api, struct front_request *rq, const char *id, int error);

/* What GET /v1/overview answers, the caller's to delete. Not 0: the request is answered. */
int admin_read_overview(struct admin_api *api, struct front_request *rq,
			cJSON **overviewp) MUST_CHECK;

/*
 * Before a write: a Redis that came back empty has forgotten weights and states that operators set.
 * Were the analyzers the first to come back, they would register as they were declared. As
 * functions of membership.h. Holds the lock until admin_end_write, also when it fails.
 */
int admin_begin_write(struct admin_api *api) MUST_CHECK;
void admin_end_write(struct admin_api *api);

#endif
