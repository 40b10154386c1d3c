#include "node/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "registry/keys.h"
#include "registry/membership.h"
#include "registry/redis/redis_url.h"

static const char *const ack_names[] = { "delivered", "received", NULL };
static const char *const admin_read_names[] = { "open", "token", NULL };

#define OPTION(option, kind, member, default_text, ...)                                            \
	{                                                                                          \
		.name = option, .type = kind, .offset = offsetof(struct node_config, member),      \
		.fallback = default_text, __VA_ARGS__                                              \
	}

static const struct conf_option options[] = {
	OPTION("listen", CONF_STRING, listen, ":8080", .placeholder = "HOST:PORT",
	       .help = "Ingest port. Several nodes on one machine may share it: the kernel spreads the connections."),
	OPTION("admin-listen", CONF_STRING, admin_listen, ":8081", .placeholder = "HOST:PORT",
	       .help = "Admin port: dashboard, API, metrics, health."),
	OPTION("redis", CONF_STRING, redis, "redis://127.0.0.1:6379/0", .placeholder = "URL",
	       .help = "redis://[user:password@]host[:port][/db], rediss:// (TLS), redis+sentinel://host[:port],.../master[/db], or unix:///path. More in PROTOCOL.md.",
	       .flags = CONF_SECRET),
	OPTION("pool", CONF_STRING, pool, "default", .placeholder = "NAME",
	       .help = "Analyzers and nodes of one pool share the traffic."),
	OPTION("node-id", CONF_STRING, node_id, NULL, .placeholder = "NAME",
	       .help = "Unique among the nodes of a pool. Default: host name and process id."),
	OPTION("workers", CONF_INT, workers, "0", .min = 0, .max = 256,
	       .help = "Event loops; 0: one per CPU."),
	OPTION("ack", CONF_CHOICE, ack, "delivered", .choices = ack_names,
	       .help = "When to answer 202: when an analyzer has the packet, or at once (what is in memory dies with the node)."),
	OPTION("exact-messages", CONF_INT, exact_messages, "64", .min = 1, .max = 1e9,
	       .help = "A packet of more messages, and of eight times as many as usual, is big: Redis routes it."),
	OPTION("catchup-max-messages", CONF_DOUBLE, catchup_max_messages, "10000", .min = 1,
	       .max = 1e12,
	       .help = "Most messages that an analyzer is owed after it could not be reached; the rest is forgiven."),
	OPTION("redis-timeout", CONF_DURATION, redis_timeout_ms, "100ms", .min = 1, .max = 60000,
	       .help = "No packet waits longer for Redis; then it is routed without."),
	OPTION("spill-after", CONF_DURATION, spill_after_ms, "1s", .min = 0, .max = 60000,
	       .help = "A packet that no analyzer can take within that time goes to the spill, a stream in Redis, and is answered 202 from there."),
	OPTION("spill-max-bytes", CONF_SIZE, spill_max_bytes, "512MiB", .min = 0,
	       .max = 1099511627776.0,
	       .help = "Most bytes in the spill, of all nodes together; past it 503. 0: no spill."),
	OPTION("spill-min-replicas", CONF_INT, spill_min_replicas, "0", .min = 0, .max = 16,
	       .help = "Replicas of Redis that must have a spilled packet before it is answered 202."),
	OPTION("max-header", CONF_SIZE, max_header, "16KiB", .min = 1024, .max = 131072,
	       .help = "Largest header section of a request (431)."),
	OPTION("max-body", CONF_SIZE, max_body, "16MiB", .min = 1024, .max = 1073741824.0,
	       .help = "Largest packet (413)."),
	OPTION("memory-max", CONF_SIZE, memory_max, "256MiB", .min = 16777216,
	       .max = 1099511627776.0,
	       .help = "Memory of the whole process; past it 503. Needs room for one packet of max-body, and about 20MiB more."),
	OPTION("max-connections", CONF_INT, max_connections, "10000", .min = 1, .max = 1e7,
	       .help = "Agents' connections at once; past it 503."),
	OPTION("idle-timeout", CONF_DURATION, idle_timeout_ms, "75s", .min = 100, .max = 86400000,
	       .help = "An idle connection is closed after that; longer than the balancer's, or that sees resets."),
	OPTION("header-timeout", CONF_DURATION, header_timeout_ms, "10s", .min = 100,
	       .max = 3600000, .help = "For a whole header section, from its first byte (408)."),
	OPTION("body-timeout", CONF_DURATION, body_timeout_ms, "60s", .min = 100, .max = 3600000,
	       .help = "For a whole body (408)."),
	OPTION("write-timeout", CONF_DURATION, write_timeout_ms, "30s", .min = 100, .max = 3600000,
	       .help = "For a client to read its answers."),
	OPTION("max-connection-age", CONF_DURATION, max_connection_age_ms, "300s", .min = 1000,
	       .max = 86400000,
	       .help = "Then a connection is closed politely (+-10 %), so that balancers spread the load again."),
	OPTION("connect-timeout", CONF_DURATION, connect_timeout_ms, "1s", .min = 10, .max = 60000,
	       .help = "For connecting to an analyzer."),
	OPTION("delivery-timeout", CONF_DURATION, delivery_timeout_ms, "10s", .min = 100,
	       .max = 600000, .help = "For an analyzer to answer; then the packets go to others."),
	OPTION("probe-interval", CONF_DURATION, probe_interval_ms, "1s", .min = 100, .max = 60000,
	       .help = "Between two health probes of an analyzer (+-20 %)."),
	OPTION("probe-timeout", CONF_DURATION, probe_timeout_ms, "1s", .min = 10, .max = 60000,
	       .help = "Of a health probe."),
	OPTION("probe-rise", CONF_INT, probe_rise, "2", .min = 1, .max = 100,
	       .help = "Good probes in a row after which an analyzer is in reach again."),
	OPTION("probe-fall", CONF_INT, probe_fall, "3", .min = 1, .max = 100,
	       .help = "Bad probes in a row after which it is out of this node's reach."),
	OPTION("drain-delay", CONF_DURATION, drain_delay_ms, "5s", .min = 0, .max = 600000,
	       .help = "After SIGTERM: how long to serve on while balancers notice."),
	OPTION("drain-timeout", CONF_DURATION, drain_timeout_ms, "30s", .min = 100, .max = 600000,
	       .help = "After that: how long to wait for what is in flight."),
	OPTION("ingest-token", CONF_STRING, ingest_token, NULL, .placeholder = "TOKEN",
	       .flags = CONF_SECRET, .help = "Bearer token that agents must send."),
	OPTION("register-token", CONF_STRING, register_token, NULL, .placeholder = "TOKEN",
	       .flags = CONF_SECRET,
	       .help = "Bearer token for registering, heartbeats and leaving."),
	OPTION("admin-token", CONF_STRING, admin_token, NULL, .placeholder = "TOKEN",
	       .flags = CONF_SECRET, .help = "Bearer token for changing analyzers (PATCH)."),
	OPTION("admin-read", CONF_CHOICE, admin_read, "open", .choices = admin_read_names,
	       .help = "Whether reading status and metrics takes a token too, the admin's or the one for registering. Health checks never do."),
	OPTION("analyzer-allow", CONF_LIST, analyzer_allow,
	       "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
	       .placeholder = "RANGE|NAME",
	       .help = "Where an analyzer may live: ranges of addresses, and names such as *.example.com. Other names are judged by their addresses. Replaces the default. Link-local and metadata addresses are never allowed by a wider range, only by an entry that names them."),
	OPTION("log-level", CONF_CHOICE, log_level, "info", .choices = log_level_names,
	       .help = "Least level that is logged."),
	OPTION("log-format", CONF_CHOICE, log_format, "logfmt", .choices = log_format_names,
	       .help = "Logs go to stderr."),
};

static int fail(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "weir-node: --%s: \"%s\": %s\n", option, value, why);
	return CONF_E_USAGE;
}

static int default_node_id(struct node_config *c)
{
	char host[48] = "node";

	if (c->node_id)
		return 0;
	if (gethostname(host, sizeof(host) - 1) != 0)
		strcpy(host, "node");
	return asprintf(&c->node_id, "%s-%d", host, (int)getpid()) < 0 ? -ENOMEM : 0;
}

/* Not shown: it is a secret. */
static int check_token(const char *option, const char *token)
{
	if (!token)
		return 0;
	for (const unsigned char *p = (const unsigned char *)token; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return fail(option, "...",
				    "a token has no blanks, and of ASCII what can be seen");
	return *token ? 0 : fail(option, "", "an empty token would open nothing: leave it unset");
}

static int check_tokens(const struct node_config *c)
{
	int r = check_token("ingest-token", c->ingest_token);

	if (r == 0)
		r = check_token("register-token", c->register_token);
	if (r == 0)
		r = check_token("admin-token", c->admin_token);
	if (r == 0 && c->admin_read == ADMIN_READ_TOKEN && !c->admin_token && !c->register_token)
		r = fail("admin-read", "token", "needs an admin-token");
	return r;
}

int node_config_allow(const struct node_config *c, struct net_allow **allowp)
{
	const char *bad, *why;
	int r = net_allow_new((const char *const *)c->analyzer_allow.values,
			      c->analyzer_allow.n_values, allowp, &bad, &why);

	return r == NET_E_SYNTAX ? fail("analyzer-allow", bad, why) : r;
}

static int check_allow(const struct node_config *c)
{
	struct net_allow *allow = NULL;
	int r = node_config_allow(c, &allow);

	net_allow_free(allow);
	return r;
}

static int check_addresses(const struct node_config *c)
{
	struct net_addr addr;

	if (net_addr_parse(&addr, c->listen) == NET_E_SYNTAX)
		return fail("listen", c->listen, "must be HOST:PORT");
	if (net_addr_parse(&addr, c->admin_listen) == NET_E_SYNTAX)
		return fail("admin-listen", c->admin_listen, "must be HOST:PORT");
	return 0;
}

/* Not shown: it may hold a password. */
static int check_redis(const struct node_config *c)
{
	struct redis_url *url = calloc(1, sizeof(*url));
	int r;

	if (!url)
		return -ENOMEM;
	r = redis_url_parse(url, c->redis);
	if (r != 0)
		r = fail("redis", "...", redis_url_why(url));
	else
		redis_url_deinit(url);
	free(url);
	return r;
}

/* Fills in node id and workers, and checks what one option alone cannot say. */
static int finish(void *config)
{
	struct node_config *c = config;
	struct registry_keys keys;
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (default_node_id(c) != 0)
		return -ENOMEM;
	if (membership_check_id(c->node_id))
		return fail("node-id", c->node_id, membership_check_id(c->node_id));
	if (registry_keys_init(&keys, c->pool) != 0)
		return fail("pool", c->pool, "a pool is 1 to 64 of A-Z a-z 0-9 . _ -");
	if (c->memory_max < c->max_body)
		return fail("memory-max", "", "must be at least max-body");
	if (check_addresses(c) != 0 || check_redis(c) != 0 || check_tokens(c) != 0 ||
	    check_allow(c) != 0)
		return CONF_E_USAGE;
	if (c->workers == 0)
		c->workers = n_cpus > 0 ? (n_cpus < 256 ? n_cpus : 256) : 1;
	return 0;
}

const struct conf_program node_program = {
	.name = "weir-node",
	.summary =
		"Takes packets of log messages over HTTP and divides them over analyzers, by weight.",
	.usage = "[options]",
	.epilog =
		"Example:\n"
		"  weir-node --listen 127.0.0.1:8080 --admin-listen 127.0.0.1:8081 --redis redis://127.0.0.1:6379/0\n"
		"  curl -i http://127.0.0.1:8080/ingest -d '{\"messages\":[{\"msg\":\"hello\"}]}'\n"
		"\n"
		"SIGTERM drains and exits with 0; a second one exits at once.\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.finish = finish,
};
