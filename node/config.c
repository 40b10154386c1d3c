#include "node/config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/conf_amount.h"
#include "common/conf/conf_set.h"
#include "common/format/format.h"
#include "common/http/token_book.h"
#include "common/log.h"
#include "common/net/net_check.h"
#include "common/net/net_url.h"
#include "common/process.h"
#include "node/discover/discover_lists.h"
#include "node/packet/heap.h"
#include "node/packet/packet.h"
#include "registry/keys.h"
#include "registry/membership.h"
#include "registry/redis/redis_url.h"

/* What is not packets or connections: threads and libraries; and for each worker its buffers. */
#define BASE_BYTES (8u << 20)
#define WORKER_BYTES (4u << 20)
#define DATAGRAM_BYTES (1u << 20) /* where a worker reads datagrams into */
#define COPIES 3                  /* of a packet on its way to Redis or from there */

static const char *const ack_names[] = { "delivered", "received", NULL };
static const char *const ingest_status_names[] = { "202", "200", NULL };
static const char *const admin_read_names[] = { "open", "token", NULL };

#define OPTION(option, kind, member, default_text, ...)                                            \
	{                                                                                          \
		.name = option, .type = kind, .offset = offsetof(struct node_config, member),      \
		.fallback = default_text, __VA_ARGS__                                              \
	}

/* clang-format off */
static const struct conf_option
	options[] = {
		OPTION("listen", CONF_STRING, listen, ":8080", .placeholder = "HOST:PORT",
		       .help = "The ingest port, which takes packets from agents by HTTP/1.1, HTTP/2 and gRPC (OTLP). Nodes on one machine may share it: the kernel spreads the connections."),
		OPTION("syslog-listen", CONF_STRING, syslog_listen, NULL, .placeholder = "HOST:PORT",
		       .help = "Takes syslog here, over UDP and TCP (lines, or with their length in front). It asks for no token: let none but your own hosts reach it. The default is not to."),
		OPTION("gelf-listen", CONF_STRING, gelf_listen, NULL, .placeholder = "HOST:PORT",
		       .help = "Takes GELF here, over UDP (compressed or in chunks, too) and over TCP (each message ends with a NUL). It asks for no token. The default is not to."),
		OPTION("forward-listen", CONF_STRING, forward_listen, NULL, .placeholder = "HOST:PORT",
		       .help = "Takes the forward protocol of Fluentd and Fluent Bit here, over TCP, and its heartbeats over UDP. The default is not to."),
		OPTION("syslog-listen-tls", CONF_STRING, tls.syslog_listen, NULL, .placeholder = "HOST:PORT",
		       .help = "Takes syslog here by TLS over TCP (RFC 5425; its port is 6514). It needs tls-cert, and asks for certificates as tls-client-ca says. The default is not to."),
		OPTION("gelf-listen-tls", CONF_STRING, tls.gelf_listen, NULL, .placeholder = "HOST:PORT",
		       .help = "Takes GELF here by TLS over TCP, with tls-cert and tls-client-ca. The default is not to."),
		OPTION("forward-listen-tls", CONF_STRING, tls.forward_listen, NULL, .placeholder = "HOST:PORT",
		       .help = "Takes the forward protocol here by TLS over TCP, with tls-cert and tls-client-ca. The default is not to."),
		OPTION("forward-key", CONF_STRING, forward_key, NULL, .placeholder = "KEY",
		       .flags = CONF_SECRET | CONF_RELOADABLE,
		       .help = "The shared key that senders of the forward protocol must prove to have. The default is the ingest token. Without both, no proof is asked for."),
		OPTION("listen-idle-timeout", CONF_DURATION, listen_idle_timeout_ms, "1h", .min = 1000, .max = 2592000000.0,
		       .help = "A connection for syslog, GELF or the forward protocol is closed when nothing came over it for this time. A sender of syslog loses a message by that."),
		OPTION("admin-listen", CONF_STRING, admin_listen, ":8081",
		       .placeholder = "HOST:PORT",
		       .help = "The admin port, which serves the dashboard, the API, metrics and health."),
		OPTION("listen-tls", CONF_STRING, tls.listen, NULL,
		       .placeholder = "HOST:PORT",
		       .help = "A second ingest port, which speaks TLS. It needs tls-cert. It speaks as the other one does."),
		OPTION("admin-listen-tls", CONF_STRING, tls.admin_listen, NULL,
		       .placeholder = "HOST:PORT",
		       .help = "A second admin port, which speaks TLS. It needs admin-tls-cert or tls-cert."),
		OPTION("tls-cert", CONF_LIST, tls.cert, NULL, .placeholder = "FILE",
		       .help = "Certificates of the TLS ports, with their chains, in PEM. With several, the name that a client asks for chooses one; the first is the default. Files are read again when they change."),
		OPTION("tls-key", CONF_LIST, tls.key, NULL, .placeholder = "FILE",
		       .help = "The private keys of tls-cert, in the same order. Without it the keys are in the files of the certificates."),
		OPTION("tls-key-password-file", CONF_STRING, tls.key_password_file, NULL,
		       .placeholder = "FILE",
		       .help = "A file with the password of encrypted private keys."),
		OPTION("tls-min", CONF_CHOICE, tls.min, "1.2", .choices = tls_min_names,
		       .help = "The lowest version of TLS that the ports speak."),
		OPTION("tls-client-ca", CONF_STRING, tls.client_ca, NULL,
		       .placeholder = "FILE",
		       .help = "Authorities in PEM. Agents at listen-tls must then have a certificate of one of them (mutual TLS)."),
		OPTION("tls-client-verify", CONF_CHOICE, tls.client_verify, "required",
		       .choices = tls_verify_names,
		       .help = "With tls-client-ca, whether a certificate is required. optional: agents without one are served; one that is bad is refused."),
		OPTION("tls-client-crl", CONF_STRING, tls.client_crl, NULL,
		       .placeholder = "FILE",
		       .help = "A list of revoked certificates of clients, in PEM. It must be renewed before it ends, or all are refused."),
		OPTION("tls-client-names", CONF_LIST, tls.client_names, NULL,
		       .placeholder = "NAME",
		       .help = "Names of clients whose certificate stands for a token at listen-tls: the common name, else the first alternative name. *.example.com stands for all names below it, * for all."),
		OPTION("admin-tls-cert", CONF_LIST, tls.admin_cert, NULL,
		       .placeholder = "FILE",
		       .help = "Other certificates for admin-listen-tls. The default is tls-cert."),
		OPTION("admin-tls-key", CONF_LIST, tls.admin_key, NULL,
		       .placeholder = "FILE",
		       .help = "The private keys of admin-tls-cert."),
		OPTION("admin-tls-client-ca", CONF_STRING, tls.admin_client_ca, NULL,
		       .placeholder = "FILE",
		       .help = "Authorities in PEM. Clients at admin-listen-tls must then have a certificate of one of them. It stands for no token there."),
		OPTION("admin-tls-client-verify", CONF_CHOICE, tls.admin_client_verify,
		       "required", .choices = tls_verify_names,
		       .help = "With admin-tls-client-ca, whether a certificate is required."),
		OPTION("deliver-ca", CONF_STRING, tls.deliver_ca, NULL, .placeholder = "FILE",
		       .help = "Authorities in PEM, one of which must vouch for analyzers at https:// and grpcs:// URLs. The default is those of the system."),
		OPTION("deliver-cert", CONF_STRING, tls.deliver_cert, NULL, .placeholder = "FILE",
		       .help = "The certificate in PEM by which analyzers know this node."),
		OPTION("deliver-key", CONF_STRING, tls.deliver_key, NULL, .placeholder = "FILE",
		       .help = "The private key of deliver-cert. Without it the key is in the file of the certificate."),
		OPTION("admin-hosts", CONF_LIST, admin_hosts, NULL, .placeholder = "NAME",
		       .help = "Names by which the admin port may be called where it needs no token. Addresses and localhost always may. *.example.com stands for all names below it."),
		OPTION("insecure", CONF_BOOL, insecure, "false",
		       .help = "Without an admin token the admin port listens on loopback alone, unless this is given."),
		OPTION("emitter-url", CONF_STRING, emitter_url, NULL, .placeholder = "URL",
		       .help = "Where the page of an emitter (weir-loadgen --control) is. The dashboard has a link to it."),
		OPTION("redis", CONF_STRING, redis, "redis://127.0.0.1:6379/0",
		       .placeholder = "URL",
		       .help = "Where Redis is: redis://[user:password@]host[:port][/db], rediss:// (TLS), redis+sentinel://host[:port],.../master[/db], redis+cluster://host[:port],... or unix:///path. PROTOCOL.md has all forms.",
		       .flags = CONF_SECRET | CONF_RELOADABLE),
		OPTION("spill-redis", CONF_STRING, spill_redis, NULL, .placeholder = "URL",
		       .help = "Another Redis for the spill and the dead letters, in the same forms. When it is full, slow or away, the registry and the routing do not notice. All nodes of a pool need the same. The default is --redis.",
		       .flags = CONF_SECRET | CONF_RELOADABLE),
		OPTION("pool", CONF_STRING, pool, "default", .placeholder = "NAME",
		       .help = "Analyzers and nodes of one pool share the traffic."),
		OPTION("node-id", CONF_STRING, node_id, NULL, .placeholder = "NAME",
		       .help = "The name of this node, which no other node of the pool may have. The default is made of host name and process id."),
		OPTION("workers", CONF_INT, workers, "0", .min = 0, .max = 256,
		       .help = "The number of worker threads. 0 means one for each CPU."),
		OPTION("ack", CONF_CHOICE, ack, "delivered", .choices = ack_names,
		       .help = "When an agent is answered 202. delivered: an analyzer or the spill has the packet. received: at once, so a killed node loses what is in its memory."),
		OPTION("ack-within", CONF_DURATION, ack_within_ms, "300ms", .min = 0, .max = 60000,
		       .help = "With ack=delivered, a packet that no analyzer has acknowledged within this time is stored in the spill and answered 202. Its delivery goes on. 0 means never."),
		OPTION("exact-messages", CONF_INT, exact_messages, "64", .min = 1, .max = 1e9,
		       .help = "A packet of more messages than this, and of more than eight times the average, is routed by Redis."),
		OPTION("catchup-max-messages", CONF_DOUBLE, catchup_max_messages, "10000", .min = 1,
		       .max = 1e12,
		       .help = "An analyzer that could not be reached is owed at most this many messages. The rest is forgiven."),
		OPTION("redis-timeout", CONF_DURATION, redis_timeout_ms, "100ms", .min = 1,
		       .max = 60000,
		       .help = "A packet waits at most this long for Redis. Then the node routes it without Redis."),
		OPTION("spill-after", CONF_DURATION, spill_after_ms, "1s", .min = 0, .max = 60000,
		       .help = "A packet that no analyzer can take within this time is stored in the spill, a stream in Redis, and answered 202."),
		OPTION("spill-max-bytes", CONF_SIZE, spill_max_bytes, "512MiB", .min = 0,
		       .max = 1099511627776.0,
		       .help = "The spill of the whole pool holds at most this many bytes. Beyond that, agents are answered 503. 0 means no spill."),
		OPTION("spill-min-replicas", CONF_INT, spill_min_replicas, "0", .min = 0, .max = 16,
		       .help = "The number of Redis replicas that must have a spilled packet before the agent is answered 202."),
		OPTION("max-header", CONF_SIZE, max_header, "16KiB", .min = 1024, .max = 131072,
		       .help = "The largest header section of a request. A larger one is answered 431."),
		OPTION("max-body", CONF_SIZE, max_body, "16MiB", .min = 1024, .max = 1073741824.0,
		       .help = "The largest packet. A larger one is answered 413."),
		OPTION("formats", CONF_LIST, formats, NULL, .placeholder = "FORMAT",
		       .help = "The formats that are taken, as PROTOCOL.md names them, such as json,otlp-proto,otlp-grpc. The default is all."),
		OPTION("ingest-status", CONF_CHOICE, ingest_status, "202",
		       .choices = ingest_status_names,
		       .help = "The status of an accepted packet at /ingest, /v1/ingest, /logs and /message/send. Some agents, such as winston, take nothing but 200 for success."),
		OPTION("memory-max", CONF_SIZE, memory_max, "256MiB", .min = 16777216,
		       .max = 1099511627776.0,
		       .help = "The memory of the whole process. Beyond it, packets are answered 503. It needs room for one packet of max-body, about 15MiB, and 4MiB for each worker."),
		OPTION("max-connections", CONF_INT, max_connections, "10000", .min = 1, .max = 1e7,
		       .help = "The number of connections that agents may have open. A further one is answered 503."),
		OPTION("max-connections-per-address", CONF_INT, max_connections_per_address, "0",
		       .min = 0, .max = 1e7,
		       .help = "The number of connections that one address may have open. 0 means half of max-connections. Addresses in trusted-proxy may have any number."),
		OPTION("trusted-proxy", CONF_LIST, trusted_proxy, NULL, .placeholder = "RANGE",
		       .help = "Ranges of addresses of balancers, at both ports. What they say about a client is believed: a PROXY header (version 1 or 2), or X-Forwarded-For."),
		OPTION("idle-timeout", CONF_DURATION, idle_timeout_ms, "75s", .min = 100,
		       .max = 86400000,
		       .help = "An idle connection is closed after this time. Make it longer than the balancer's, or the balancer sees resets."),
		OPTION("header-timeout", CONF_DURATION, header_timeout_ms, "10s", .min = 100,
		       .max = 3600000,
		       .help = "A header section must be whole within this time of its first byte. A slower one is answered 408."),
		OPTION("body-timeout", CONF_DURATION, body_timeout_ms, "60s", .min = 100,
		       .max = 3600000,
		       .help = "A body must be whole within this time. A slower one is answered 408."),
		OPTION("write-timeout", CONF_DURATION, write_timeout_ms, "30s", .min = 100,
		       .max = 3600000,
		       .help = "A client must read its answers within this time, or its connection is closed."),
		OPTION("max-connection-age", CONF_DURATION, max_connection_age_ms, "300s",
		       .min = 1000, .max = 86400000,
		       .help = "A connection of this age (+-10 %) is closed after its current answer, so that balancers spread the load anew."),
		OPTION("connect-timeout", CONF_DURATION, connect_timeout_ms, "1s", .min = 10,
		       .max = 60000, .help = "The time limit for connecting to an analyzer."),
		OPTION("delivery-timeout", CONF_DURATION, delivery_timeout_ms, "5s", .min = 100,
		       .max = 600000,
		       .help = "The time limit for an analyzer to answer a delivery; then its packets go to others. Agents commonly wait 10 s, which leaves time for a second try."),
		OPTION("latency-limit",
		       CONF_DURATION, latency_limit_ms, "0", .min = 0, .max = 600000, .help = "An analyzer gets no more than keeps 99 of 100 deliveries to it below this time, while others can take the rest. 0 means no limit: a slow analyzer keeps its share."),
		OPTION("probe-interval", CONF_DURATION, probe_interval_ms, "1s", .min = 100,
		       .max = 60000,
		       .help = "The time between two health probes of an analyzer (+-20 %)."),
		OPTION("probe-timeout", CONF_DURATION, probe_timeout_ms, "1s", .min = 10,
		       .max = 60000, .help = "The time limit of one health probe."),
		OPTION("probe-rise", CONF_INT, probe_rise, "2", .min = 1, .max = 100,
		       .help = "An analyzer is in reach again after this many good probes in a row."),
		OPTION("probe-fall", CONF_INT, probe_fall, "3", .min = 1, .max = 100,
		       .help = "An analyzer is out of this node's reach after this many bad probes in a row."),
		OPTION("drain-delay", CONF_DURATION, drain_delay_ms, "5s", .min = 0, .max = 600000,
		       .help = "After SIGTERM the node serves on for this time, so that balancers notice."),
		OPTION("drain-timeout", CONF_DURATION, drain_timeout_ms, "30s", .min = 100,
		       .max = 600000,
		       .help = "After drain-delay the node waits at most this long for packets in flight."),
		OPTION("ingest-token", CONF_STRING, ingest_token, NULL, .placeholder = "TOKEN",
		       .flags = CONF_SECRET | CONF_RELOADABLE,
		       .help = "The bearer token that agents must send."),
		OPTION("ingest-tokens", CONF_STRING, ingest_tokens, NULL, .placeholder = "TOKENS",
		       .flags = CONF_SECRET | CONF_RELOADABLE,
		       .help = "More tokens for agents, each on a line NAME TOKEN or NAME=TOKEN. The name stands in metrics, in the log and among the refusals. A name may have several tokens."),
		OPTION("register-token", CONF_STRING, register_token, NULL, .placeholder = "TOKEN",
		       .flags = CONF_SECRET | CONF_RELOADABLE,
		       .help = "The bearer token that analyzers must send to register, for heartbeats and to leave."),
		OPTION("admin-token", CONF_STRING, admin_token, NULL, .placeholder = "TOKEN",
		       .flags = CONF_SECRET | CONF_RELOADABLE,
		       .help = "The bearer token for changes by operators."),
		OPTION("admin-read", CONF_CHOICE, admin_read, "open", .choices = admin_read_names,
		       .help = "token: status and metrics can be read only with the admin token or the register token. Health checks never need a token."),
		OPTION("analyzer-allow", CONF_LIST, analyzer_allow,
		       "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
		       .placeholder = "RANGE|NAME", .flags = CONF_RELOADABLE,
		       .help = "Where an analyzer may be: ranges of addresses, and names such as *.example.com. Other names are judged by their addresses. The list replaces the default. Only an entry that names them allows link-local and metadata addresses."),
		OPTION("analyzer", CONF_LIST, analyzer, NULL, .placeholder = "[ID=]URL[*WEIGHT]",
		       .help = "An analyzer that nodes keep registered, such as a1=http://10.0.0.7:9001/ingest*0.5 or grpc://10.0.0.7:4317. It need not know Weir. All nodes should list the same."),
		OPTION("analyzers", CONF_LIST, analyzers, NULL, .placeholder = "URL=WEIGHT,...",
		       .help = "More of them. Both options also take URL=WEIGHT, such as http://10.0.0.7:9001=0.5."),
		OPTION("analyzer-header", CONF_LIST, analyzer_header, NULL, .placeholder = "ID=NAME: VALUE",
		       .flags = CONF_SECRET | CONF_LINES | CONF_RELOADABLE,
		       .help = "A header that this node sends to an analyzer that it lists, with each delivery and health probe, such as loki1=X-Scope-OrgID: shop. The ID may end in *. A file of analyzer-header-file has one on each line."),
		OPTION("discover", CONF_LIST, discover, NULL, .placeholder = "SOURCE",
		       .help = "A source that lists analyzers: dns+http://NAME:PORT/PATH*WEIGHT (each address is one), dns+http://_SERVICE._tcp.DOMAIN/PATH (SRV records with their weights), or file:PATH (JSON as Prometheus' file_sd has it)."),
		OPTION("discover-interval", CONF_DURATION, discover_interval_ms, "2s", .min = 100,
		       .max = 3600000,
		       .help = "The time between two lookups of a name that --discover has. Files are looked at twice a second."),
		OPTION("forget-after", CONF_DURATION, forget_after_ms, "1h", .min = 1000,
		       .max = 2592000000.0,
		       .help = "An analyzer is removed when its lease ended that long ago."),
		OPTION("log-level", CONF_CHOICE, log_level, "info", .choices = log_level_names,
		       .flags = CONF_RELOADABLE, .help = "The lowest level that is logged."),
		OPTION("log-format", CONF_CHOICE, log_format, "logfmt", .choices = log_format_names,
		       .help = "The format of the log, which goes to stderr."),
	};
/* clang-format on */

/* value NULL: it is not shown. */
static int fail(const char *option, const char *value, const char *why)
{
	char where[64];

	snprintf(where, sizeof(where), "--%s", option);
	return conf_refuse_value(&node_program, where, value, why);
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
			return fail(option, NULL,
				    "has other characters than printable ASCII without spaces");
	if (!*token)
		return fail(option, NULL, "is empty: leave the option out, or give a token");
	if (strlen(token) < TOKEN_BOOK_MIN)
		return fail(option, NULL, "must have at least 16 characters");
	return 0;
}

static int check_tokens(const struct node_config *c)
{
	int r = check_token("ingest-token", c->ingest_token);
	char why[TOKEN_BOOK_WHY];

	if (r == 0 && c->ingest_tokens && !token_book_check(c->ingest_tokens, why))
		r = fail("ingest-tokens", NULL, why);
	if (r == 0)
		r = check_token("forward-key", c->forward_key);
	if (r == 0)
		r = check_token("register-token", c->register_token);
	if (r == 0)
		r = check_token("admin-token", c->admin_token);
	if (r == 0 && c->admin_read == ADMIN_READ_TOKEN && !c->admin_token && !c->register_token)
		r = fail("admin-read", "token", "needs --admin-token, too");
	return r;
}

static int fail_entry(const char *option, const char *entry, const char *why)
{
	return conf_complain(&node_program, "--%s: \"%s\": %s", option, entry, why);
}

int node_config_allow(const struct node_config *c, struct net_allow **allowp)
{
	const char *bad, *why;
	int r = net_allow_new((const char *const *)c->analyzer_allow.values,
			      c->analyzer_allow.n_values, allowp, &bad, &why);

	return r == NET_E_SYNTAX ? fail_entry("analyzer-allow", bad, why) : r;
}

int node_config_proxies(const struct node_config *c, struct net_allow **proxiesp)
{
	const char *bad, *why;
	int r = 0;

	*proxiesp = NULL;
	if (c->trusted_proxy.n_values > 0)
		r = net_allow_new((const char *const *)c->trusted_proxy.values,
				  c->trusted_proxy.n_values, proxiesp, &bad, &why);
	return r == NET_E_SYNTAX ? fail_entry("trusted-proxy", bad, why) : r;
}

static int check_allow(const struct node_config *c)
{
	struct net_allow *allow = NULL, *proxies = NULL;
	int r = node_config_allow(c, &allow);

	if (r == 0)
		r = node_config_proxies(c, &proxies);
	net_allow_free(allow);
	net_allow_free(proxies);
	return r;
}

static int check_listed(const struct node_config *c)
{
	const struct conf_list *const lists[STATIC_LISTS] = { &c->analyzer, &c->analyzers };
	struct net_allow *allow = NULL;
	const char *bad = NULL, *why;
	int r = node_config_allow(c, &allow);

	if (r != 0)
		return r;
	why = discover_check_analyzers(lists, allow, &bad);
	net_allow_free(allow);
	if (why)
		return fail("analyzer", bad, why);
	why = discover_check_sources(&c->discover, &bad);
	if (why)
		return fail("discover", bad, why);
	why = discover_check_headers(&c->analyzer_header, lists, &c->discover);
	return why ? conf_complain(&node_program, "--analyzer-header: %s", why) : 0;
}

static int check_address(const char *option, const char *text)
{
	struct net_addr addr;
	char why[NET_WHY_STRLEN];
	int r = net_addr_parse(&addr, text);

	if (r == 0)
		r = net_check_local(&addr);
	if (r == 0)
		return 0;
	net_explain(r, text, why);
	return fail(option, text, why);
}

static int read_formats(struct node_config *c)
{
	c->format_bits = 0;
	for (size_t i = 0; i < c->formats.n_values; i++) {
		enum format_id id = format_find(c->formats.values[i]);

		if (id == FORMATS)
			return fail("formats", c->formats.values[i], "is no format");
		c->format_bits |= 1u << id;
	}
	return 0;
}

/* One that would listen for what is not taken. */
static int check_listener(const struct node_config *c, const char *option, const char *text,
			  enum format_id format)
{
	char why[120];
	int r = text ? check_address(option, text) : 0;

	if (!text || r != 0 || c->format_bits == 0 || c->format_bits >> format & 1)
		return r;
	snprintf(why, sizeof(why), "needs %s among --formats", format_names[format]);
	return fail(option, text, why);
}

#define PORTS 10

struct port {
	const char *option, *text; /* NULL: it is off */
	enum format_id format;     /* FORMATS: it takes HTTP */
};

static void list_ports(const struct node_config *c, struct port ports[PORTS])
{
	const struct port all[] = {
		{ "listen", c->listen, FORMATS },
		{ "admin-listen", c->admin_listen, FORMATS },
		{ "listen-tls", c->tls.listen, FORMATS },
		{ "admin-listen-tls", c->tls.admin_listen, FORMATS },
		{ "syslog-listen", c->syslog_listen, FORMAT_SYSLOG },
		{ "gelf-listen", c->gelf_listen, FORMAT_GELF },
		{ "forward-listen", c->forward_listen, FORMAT_FORWARD },
		{ "syslog-listen-tls", c->tls.syslog_listen, FORMAT_SYSLOG },
		{ "gelf-listen-tls", c->tls.gelf_listen, FORMAT_GELF },
		{ "forward-listen-tls", c->tls.forward_listen, FORMAT_FORWARD },
	};

	static_assert(ARRAY_LEN(all) == PORTS, "every port is listed");
	memcpy(ports, all, sizeof(all));
}

static int check_listeners(const struct node_config *c)
{
	struct port ports[PORTS];
	int r = 0;

	list_ports(c, ports);
	for (const struct port *p = ports; p < ports + PORTS && r == 0; p++)
		if (p->format != FORMATS)
			r = check_listener(c, p->option, p->text, p->format);
	return r;
}

/* The URL is not shown: it may hold a password. */
static int fail_redis(const char *option, const char *why)
{
	return conf_complain(&node_program, "--%s: %s", option, why);
}

static int check_redis(const char *option, const char *text)
{
	struct redis_url *url = calloc(1, sizeof(*url));
	int r;

	if (!url)
		return -ENOMEM;
	r = redis_url_parse(url, text);
	if (r != 0)
		r = fail_redis(option, redis_url_why(url));
	else
		redis_url_deinit(url);
	free(url);
	return r;
}

/* What heaps may keep free, where there is room for it. Returns what that takes of it. */
static uint64_t find_heap(struct node_config *c, uint64_t room)
{
	uint64_t workers = (uint64_t)c->workers, more;

	c->heap_held = heap_held(room, (unsigned)workers);
	more = (c->heap_held - HEAP_HELD_MIN) * workers; /* the least is part of WORKER_BYTES */
	assert(more <= room);
	return more;
}

/*
 * Of memory-max, what is left for packets and connections: at least for one packet as large as may
 * be, or agents would be told to come again for ever. Where there is more, something is kept back
 * for the copies that are made of a large packet on its way into the spill and out of it.
 */
static int find_memory(struct node_config *c)
{
	static uint64_t resident_bytes; /* as it was at the start: a reload judges the same */
	uint64_t used, needed, left, copies;
	char why[200], at_least[CONF_AMOUNT_STRLEN], value[CONF_AMOUNT_STRLEN];

	if (!resident_bytes)
		resident_bytes = process_resident_bytes();
	used = resident_bytes + BASE_BYTES + (uint64_t)c->workers * WORKER_BYTES;
	if (c->syslog_listen || c->gelf_listen || c->forward_listen)
		used += (uint64_t)c->workers * DATAGRAM_BYTES;
	needed = packet_cost(c->max_body) + BASE_BYTES / 8;
	if (c->memory_max < used + needed) {
		conf_amount_format(CONF_SIZE, (double)c->memory_max, value);
		conf_amount_format(CONF_SIZE, (double)(((used + needed) >> 20) + 1) * (1 << 20),
				   at_least);
		snprintf(why, sizeof(why),
			 "is too small for %u workers and max-body: raise it to %s, or lower "
			 "max-body or workers",
			 (unsigned)c->workers, at_least);
		return fail("memory-max", value, why);
	}
	left = c->memory_max - used;
	left -= find_heap(c, left - needed);
	copies = COPIES * c->max_body < left / 2 ? COPIES * c->max_body : left / 2;
	if (copies > left - needed)
		copies = left - needed;
	c->packet_memory = left - copies;
	return 0;
}

/* A port needs its certificates, and their files must be good. */
static int check_tls(const struct node_config *c, bool is_strict)
{
	char why[TLS_WHY_SIZE];
	const char *option = NULL;
	int r = c->tls.listen ? check_address("listen-tls", c->tls.listen) : 0;

	if (r == 0 && c->tls.admin_listen)
		r = check_address("admin-listen-tls", c->tls.admin_listen);
	if (r == 0)
		r = node_tls_check(&c->tls, is_strict, &option, why);
	return r > 0 && option ? conf_complain(&node_program, "--%s: %s", option, why) : r;
}

/* What a start survives: an expired certificate is renewed while the node runs. */
static int check(void *config)
{
	return check_tls(config, true);
}

/* A page may link to it: nothing but a place of the web. */
static int check_emitter(const struct node_config *c)
{
	struct net_url url;

	if (!c->emitter_url || !net_url_parse(&url, c->emitter_url))
		return 0;
	return fail("emitter-url", c->emitter_url, "is no http://HOST:PORT/ or https://HOST/");
}

/* Two listeners at one port: the second cannot start, or each gets some of the other's connections. */
static int check_ports(const struct node_config *c)
{
	struct port ports[PORTS];
	struct net_addr addrs[PORTS];
	char why[NET_WHY_STRLEN];

	list_ports(c, ports);
	for (size_t i = 0; i < PORTS; i++) {
		int r = ports[i].text ? net_addr_parse(&addrs[i], ports[i].text) : 0;

		if (r != 0)
			return r; /* its own check has passed, so memory is short */
		for (size_t k = 0; ports[i].text && k < i; k++) {
			if (!ports[k].text || !net_overlap(&addrs[i], &addrs[k]))
				continue;
			snprintf(why, sizeof(why), "has the port of --%s: each needs its own",
				 ports[k].option);
			return fail(ports[i].option, ports[i].text, why);
		}
	}
	return 0;
}

/* Fills in node id, workers and memory, and checks what one option alone cannot say. */
static int finish(void *config)
{
	struct node_config *c = config;
	struct registry_keys keys;
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int r;

	if (default_node_id(c) != 0)
		return -ENOMEM;
	if (membership_check_id(c->node_id))
		return fail("node-id", c->node_id, "is no name of 1 to 64 of A-Z a-z 0-9 . _ -");
	if (registry_keys_init(&keys, c->pool) != 0)
		return fail("pool", c->pool, "is no name of 1 to 64 of A-Z a-z 0-9 . _ -");
	if (c->workers == 0)
		c->workers = n_cpus > 0 ? (n_cpus < 256 ? n_cpus : 256) : 1;
	r = check_address("listen", c->listen);
	if (r == 0)
		r = check_address("admin-listen", c->admin_listen);
	if (r == 0)
		r = check_redis("redis", c->redis);
	if (r == 0 && c->spill_redis)
		r = check_redis("spill-redis", c->spill_redis);
	if (r == 0)
		r = check_tokens(c);
	if (r == 0)
		r = check_allow(c);
	if (r == 0)
		r = check_listed(c);
	if (r == 0)
		r = check_emitter(c);
	if (r == 0)
		r = read_formats(c);
	if (r == 0)
		r = check_listeners(c);
	if (r == 0)
		r = check_tls(c, false);
	if (r == 0)
		r = check_ports(c);
	return r == 0 ? find_memory(c) : r;
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
		"SIGTERM drains and exits with 0; a second one exits at once. SIGHUP reads the reloadable options again.\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.finish = finish,
	.check = check,
};
