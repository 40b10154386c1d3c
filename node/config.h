#ifndef WEIR_NODE_CONFIG_H
#define WEIR_NODE_CONFIG_H
/*
 * What can be set on a node. config.c has the table.
 */
#include "common/conf/conf.h"
#include "common/net/net_allow.h"
#include "node/node_tls.h"

enum ack_mode { ACK_DELIVERED, ACK_RECEIVED };
enum admin_read { ADMIN_READ_OPEN, ADMIN_READ_TOKEN };

struct node_config {
	char *listen, *admin_listen, *redis, *pool, *node_id;
	struct node_tls_options tls;
	char *syslog_listen, *gelf_listen, *forward_listen; /* NULL: not wanted */
	char *forward_key;                                  /* NULL: the ingest token is the key */
	uint64_t listen_idle_timeout_ms;
	char *spill_redis; /* NULL: spill and dead letters are in `redis` */
	int64_t workers;   /* 0: one per CPU */
	int ack;           /* enum ack_mode */
	int64_t exact_messages;
	double catchup_max_messages;
	uint64_t redis_timeout_ms;
	uint64_t ack_within_ms, spill_after_ms, spill_max_bytes;
	int64_t spill_min_replicas;
	uint64_t max_header, max_body, memory_max;
	uint64_t packet_memory; /* no option: of memory_max, what packets and connections get */
	uint64_t heap_held;     /* and what each worker's heap may keep free */
	int64_t max_connections, max_connections_per_address;
	uint64_t idle_timeout_ms, header_timeout_ms, body_timeout_ms, write_timeout_ms,
		max_connection_age_ms;
	uint64_t latency_limit_ms;
	uint64_t connect_timeout_ms, delivery_timeout_ms, probe_interval_ms, probe_timeout_ms;
	int64_t probe_rise, probe_fall;
	uint64_t drain_delay_ms, drain_timeout_ms;
	uint64_t forget_after_ms;
	char *ingest_token, *register_token, *admin_token;
	char *ingest_tokens;      /* lines NAME TOKEN: see token_book.h */
	struct conf_list formats; /* empty: all of them */
	uint32_t format_bits;     /* no option: `formats` by enum format_id; 0: all of them */
	int ingest_status;        /* an index of 202, 200 */
	bool insecure; /* the admin port listens where it is told without an admin token */
	struct conf_list admin_hosts;
	char *emitter_url; /* NULL: the dashboard has no link to one */
	int admin_read;    /* enum admin_read */
	struct conf_list analyzer_allow, trusted_proxy;
	struct conf_list analyzer, analyzers, discover; /* that this node lists */
	struct conf_list analyzer_header;               /* what it adds for these */
	uint64_t discover_interval_ms;
	int log_level, log_format;
};

extern const struct conf_program node_program;

/* analyzer-allow, read: the caller's. CONF_E_USAGE: one line is on stderr. */
/* trusted-proxy, read: the caller's; NULL: there are none. */
int node_config_proxies(const struct node_config *c, struct net_allow **proxiesp) MUST_CHECK;
int node_config_allow(const struct node_config *c, struct net_allow **allowp) MUST_CHECK;

#endif
