#ifndef WEIR_REGISTRY_REPORTS_H
#define WEIR_REGISTRY_REPORTS_H
/*
 * What the nodes of a pool report (reporter.h), put together: by node as it came, by analyzer
 * summed up over all nodes.
 */
#include <cjson/cJSON.h>
#include <hiredis/hiredis.h>

#include "common/metrics/metrics.h"
#include "registry/keys.h"
#include "registry/redis/client.h"
#include "registry/roster.h"

#define CHECK_ERROR_SIZE 96

/* Of one analyzer, as the nodes find it. Times are of the nodes' wall clocks; 0: none. */
struct lane_check {
	double since_ms;   /* when the present trouble began, at the node that has it longest */
	double change_ms;  /* the last change between trouble and none */
	double checked_ms; /* the last health probe */
	double down_s;     /* out of reach in all, of the node that missed it longest */
	double flaps;      /* changes of about the last minute, of the node that saw most */
	double error_ms;   /* when the last error was */
	char error[CHECK_ERROR_SIZE];
};

struct lanes { /* to one analyzer, of all workers; or of one node, to all analyzers */
	double queued, flying, paused;
	double failed;                         /* of the deliveries in times */
	double n_open, n_half_open, n_hanging; /* breakers */
	double n_slow;                         /* workers that give it less than its share */
	double times[METRICS_N_BUCKETS + 1];   /* deliveries of about the last 10 s, by bucket */
	struct lane_check check;
	cJSON *trouble; /* owned; array of {"worker","state",...} */
};

/* The report of the node that reads, in place of what Redis has of it. It counts, whether or not its
 * lease could be renewed. */
struct reports_own {
	const char *node;
	const char *json; /* NULL: none */
};

struct reports {
	cJSON *nodes;           /* owned; node -> report, with the health of its deliveries */
	struct lanes *of_nodes; /* owned; as nodes, their `trouble` NULL */
	unsigned n_nodes;
	struct lanes *lanes; /* as the roster's analyzers */
	unsigned n_lanes;
	double n_workers;                  /* that report */
	double ack[METRICS_N_BUCKETS + 1]; /* 202s of about the last 10 s, by how long they took */
	cJSON *refused;                    /* owned; reason -> requests, of all nodes */
	double n_refused;
	cJSON *refusing; /* owned; reason -> {"status","per_s","since_ms"}, of all nodes */
};

/* From the HASH `report`, NULL: there is none; own: NULL for who is no node. What is no report is left
 * out. */
int reports_init(struct reports *r, const redisReply *hash, const struct reports_own *own,
		 const struct roster *roster) MUST_CHECK;
void reports_deinit(struct reports *r);

/* The same, asked of Redis; the errors of client_command, too. */
int reports_read(struct client *client, const struct registry_keys *keys,
		 const struct reports_own *own, const struct roster *roster,
		 struct reports *r) MUST_CHECK;

/* Reads the report of one node alone. A node that is not live, or has not reported, is not in it. */
int reports_read_node(struct client *client, const struct registry_keys *keys,
		      const struct roster *roster, const char *node, struct reports *r) MUST_CHECK;

/* Of all nodes that report, to all analyzers; its `trouble` is NULL. */
struct lanes reports_all(const struct reports *r);
/* The lanes of a node to all analyzers; NULL: it has not reported. */
const struct lanes *reports_node(const struct reports *r, const char *node);

/* percent in (0, 100): ms, by interpolation within its bucket. False: there were no deliveries. */
bool lanes_percentile(const struct lanes *lanes, double percent, double *msp);
/* From 0 to 1: the part of the deliveries that failed. False: there were no deliveries. */
bool lanes_error_ratio(const struct lanes *lanes, double *ratiop);
/* Of agents' packets, from the last byte to the 202; otherwise as lanes_percentile. */
bool reports_ack_percentile(const struct reports *r, double percent, double *msp);
/* {"p50_ms","p99_ms","p99_9_ms"} of the same; null: there were none. NULL: out of memory. */
cJSON *reports_ack_json(const struct reports *r);

/* Adds check: {"since_ms","change_ms","checked_ms","down_s","flaps","error_ms","error"}, without what
 * is 0 or not known. */
void lanes_add_check(const struct lanes *lanes, cJSON *json);
/* Adds p50_ms, p99_ms and error_ratio; null: there were no deliveries. */
void lanes_add_health(const struct lanes *lanes, cJSON *json);

#endif
