#include "analyzer/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/dedupe.h"
#include "analyzer/fault.h"
#include "analyzer/sink/sink_headers.h"
#include "common/buf.h"
#include "common/conf/conf_reload.h"
#include "common/conf/conf_set.h"
#include "common/file_check.h"
#include "common/log.h"
#include "common/net/net_bracket.h"
#include "common/net/net_check.h"
#include "common/net/net_url.h"

#define PROGRAM "weir-analyzer"
#define ID_MAX 64
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

const char *const accepts_names[] = {
	[ACCEPTS_BATCH] = "batch", [ACCEPTS_PACKET] = "packet", [ACCEPTS_REQUEST] = "request", NULL
};
static_assert(ARRAY_LEN(accepts_names) == ACCEPTS + 1, "a name for each");

#define FIELD(name) offsetof(struct config, name)

static const struct conf_option options[] = {
	{ "id", CONF_STRING, FIELD(id), NULL, "NAME",
	  "The name of this analyzer in the pool: letters, digits, '.', '_' and '-'.",
	  .flags = CONF_REQUIRED },
	{ "weight", CONF_DOUBLE, FIELD(weight), "1", "W",
	  "The weight that this analyzer asks for. Its share is this weight divided by the sum of all weights.",
	  0, 1e6 },
	{ "listen", CONF_STRING, FIELD(listen), "127.0.0.1:9001", "HOST:PORT",
	  "The address where nodes deliver packets. Port 0 means a free port, which is logged." },
	{ "listen-tls", CONF_STRING, FIELD(listen_tls), NULL, "HOST:PORT",
	  "A second port for deliveries, which speaks TLS. It needs tls-cert. With it the analyzer registers its https:// URL." },
	{ "grpc-listen", CONF_STRING, FIELD(grpc_listen), NULL, "HOST:PORT",
	  "A port for deliveries by gRPC, which speaks TLS if there is tls-cert. With it the analyzer registers its grpc:// or grpcs:// URL." },
	{ "tls-cert", CONF_STRING, FIELD(tls_cert), NULL, "FILE",
	  "The certificate of TLS ports, with its chain, in PEM. It is read again when it changes." },
	{ "tls-key", CONF_STRING, FIELD(tls_key), NULL, "FILE",
	  "The private key of tls-cert. Without it the key is in the file of the certificate." },
	{ "tls-client-ca", CONF_STRING, FIELD(tls_client_ca), NULL, "FILE",
	  "Authorities in PEM. Whoever delivers by TLS must then have a certificate of one of them." },
	{ "ca", CONF_STRING, FIELD(ca), NULL, "FILE",
	  "Authorities in PEM, one of which must vouch for nodes at https:// URLs. The default is those of the system." },
	{ "cert", CONF_STRING, FIELD(cert), NULL, "FILE",
	  "The certificate in PEM by which nodes know this analyzer." },
	{ "key", CONF_STRING, FIELD(key), NULL, "FILE",
	  "The private key of cert. Without it the key is in the file of the certificate." },
	{ "register", CONF_LIST, FIELD(registries), NULL, "URL",
	  "The admin port of a node to register with. When one fails, the analyzer tries the next. "
	  "Without any, it does not register." },
	{ "register-token", CONF_STRING, FIELD(register_token), NULL, "TOKEN",
	  "The bearer token for registering.", .flags = CONF_SECRET | CONF_RELOADABLE },
	{ "control-token", CONF_STRING, FIELD(control_token), NULL, "TOKEN",
	  "The bearer token for enabling and disabling. Without one, only this machine may do so.",
	  .flags = CONF_SECRET | CONF_RELOADABLE },
	{ "delivery-token", CONF_STRING, FIELD(delivery_token), NULL, "TOKEN",
	  "The bearer token that a delivery needs. Nodes learn it when the analyzer registers. "
	  "By default an analyzer that registers makes a random one.",
	  .flags = CONF_SECRET },
	{ "open-deliveries", CONF_BOOL, FIELD(open_deliveries), "false", NULL,
	  "Deliveries are taken from anybody, without a token." },
	{ "advertise", CONF_STRING, FIELD(advertise), NULL, "URL",
	  "The URL that nodes deliver to. The default is the address of --grpc-listen, else of --listen-tls, else of --listen." },
	{ "accepts", CONF_CHOICE, FIELD(accepts), "batch", NULL,
	  "What one delivery holds: a batch of packets, one packet, or a request as an agent sent it.",
	  .choices = accepts_names },
	{ "max-batch-packets", CONF_INT, FIELD(max_batch_packets), "256", "N",
	  "The largest number of packets in one batch.", 1, 65536 },
	{ "max-batch-bytes", CONF_SIZE, FIELD(max_batch_bytes), "1MiB", NULL,
	  "The largest size of one batch.", 1, 1073741824 },
	{ "max-body", CONF_SIZE, FIELD(max_body_bytes), "64MiB", NULL,
	  "The largest body of a request. A larger one is answered 413.", 1, 2e9 },
	{ "ttl", CONF_DURATION, FIELD(ttl_ms), "10s", NULL,
	  "The registration ends this long after the last heartbeat.", 500, 600000 },
	{ "replace", CONF_BOOL, FIELD(replace), "false", NULL,
	  "Takes the id of an analyzer that is registered at another address and alive. That one then ends." },
	{ "slow-start", CONF_DURATION, FIELD(slow_start_ms), "0", NULL,
	  "After registering, the weight grows to its full value within this time. With 0 it has that at once.",
	  0, 3600000 },
	{ "dedupe-window", CONF_INT, FIELD(dedupe_window), "100000", "N",
	  "The number of packets that are remembered to find duplicates. 0 switches this off.", 0,
	  DEDUPE_WINDOW_MAX },
	{ "record", CONF_STRING, FIELD(record), NULL, "FILE",
	  "Each packet is appended to this file as one line of JSON before it is acknowledged. No other analyzer may use the file." },
	{ "sink", CONF_STRING, FIELD(sink), NULL, "URL",
	  "Each message is forwarded here before its packet is acknowledged. docs/sinks.md describes the kinds: "
	  "gelf+udp://, gelf+tcp:// and gelf+tls://HOST[:PORT], gelf+http(s)://, es+http(s)://HOST:PORT/INDEX, "
	  "loki+http(s)://, otlp+http(s)://, http(s):// for lines of JSON, packets+http(s):// for whole packets, file:PATH. "
	  "UDP and TCP cannot acknowledge: what they lose on the way nobody knows, unless there is an outbox." },
	{ "sink-timeout", CONF_DURATION, FIELD(sink_timeout_ms), "5s", NULL,
	  "The time limit for handing a delivery to the sink, retries included.", 1, 600000 },
	{ "sink-ca", CONF_STRING, FIELD(sink_ca), NULL, "FILE",
	  "The certificates (PEM) that a sink with TLS may have. The default is those of the system." },
	{ "sink-header-file", CONF_STRING, FIELD(sink_header_file), NULL, "FILE",
	  "Header fields for requests to the sink, one 'Name: value' a line. A password goes here: it is never logged." },
	{ "sink-outbox", CONF_STRING, FIELD(sink_outbox), NULL, "FILE",
	  "For gelf+udp, gelf+tcp and gelf+tls. Messages are stored in this file before their packet is acknowledged. "
	  "They are sent from there, in order, until the receiver takes them. No other analyzer may use the file." },
	{ "sink-outbox-max", CONF_SIZE, FIELD(sink_outbox_max_bytes), "256MiB", NULL,
	  "The largest size of the messages in the outbox. Beyond it, deliveries are answered 503, and Weir keeps them.",
	  65536, 1e12 },
	{ "sink-hold", CONF_DURATION, FIELD(sink_hold_ms), "1s", NULL,
	  "A message stays in the outbox this long after it went out. It is sent again if the receiver goes away meanwhile.",
	  0, 600000 },
	{ "sink-file-max", CONF_SIZE, FIELD(sink_file_max_bytes), "100MiB", NULL,
	  "A file sink that would become larger is renamed to FILE.1, and begins anew.", 1, 1e12 },
	{ "sink-file-count", CONF_INT, FIELD(sink_file_count), "5", "N",
	  "The number of files that are kept, the newest included. The oldest is removed.", 1,
	  1000 },
	{ "sink-udp-rate", CONF_INT, FIELD(sink_udp_rate), "10000", "N",
	  "The most datagrams a second on one connection. A receiver drops what it cannot read in time.",
	  1, 1000000 },
	{ "delay-ms", CONF_INT, FIELD(delay_ms), "0", "N",
	  "A simulated fault: the analyzer waits this many milliseconds before it answers a delivery.",
	  0, FAULT_DELAY_MAX_MS },
	{ "error-rate", CONF_DOUBLE, FIELD(error_rate), "0", "P",
	  "A simulated fault: the analyzer answers 500 to this part of the deliveries.", 0, 1 },
	{ "crash-on", CONF_STRING, FIELD(crash_on), NULL, "TEXT",
	  "A simulated fault: the analyzer ends at once, without an answer, at a delivery that holds this text." },
	{ "threads", CONF_INT, FIELD(n_threads), "64", "N",
	  "The number of deliveries that are processed at the same time. Further ones wait for their turn.",
	  1, 4096 },
	{ "log-level", CONF_CHOICE, FIELD(log_level), "info", NULL,
	  "The lowest level that is logged.", .choices = log_level_names,
	  .flags = CONF_RELOADABLE },
	{ "log-format", CONF_CHOICE, FIELD(log_format), "logfmt", NULL,
	  "The format of the log, which goes to stderr.", .choices = log_format_names },
};

static const struct conf_program program;

struct tls_config config_tls(const struct config *config)
{
	return (struct tls_config){ .role = TLS_SERVER,
				    .certs = (const char *const *)&config->tls_cert,
				    .n_certs = config->tls_cert ? 1 : 0,
				    .keys = (const char *const *)&config->tls_key,
				    .n_keys = config->tls_key ? 1 : 0,
				    .ca = config->tls_client_ca,
				    .alpn = "h2,http/1.1" };
}

static int usage_error(const char *option, const char *value, const char *reason)
{
	char where[64];

	snprintf(where, sizeof(where), "--%s", option);
	return conf_refuse_value(&program, where, value, reason);
}

static int check_id(const char *id)
{
	size_t len = strlen(id);

	if (len == 0 || len > ID_MAX || strspn(id, ID_CHARACTERS) != len)
		return usage_error("id", id, "is no name of 1 to 64 of A-Z a-z 0-9 . _ -");
	return 0;
}

static int check_delivery_token(const struct config *config)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
	const char *token = config->delivery_token;
	size_t len = token ? strlen(token) : 0;

	if (!token || (len >= 16 && len <= 128 && strspn(token, allowed) == len))
		return 0;
	return conf_refuse_value(&program, "--delivery-token", NULL,
				 "must have 16 to 128 characters of A-Z a-z 0-9 - . _ ~ + / =");
}

static int check_address(const char *option, const char *text, struct net_addr *addr)
{
	char why[NET_WHY_STRLEN];
	int r = net_addr_parse(addr, text);

	if (r == 0)
		r = net_check_local(addr);
	if (r == 0)
		return 0;
	net_explain(r, text, why);
	return usage_error(option, text, why);
}

static int check_files(const char *option, const struct tls_config *tls)
{
	char why[TLS_WHY_SIZE];
	struct tls_set *set = NULL;
	int r = tls_load(tls, time(NULL), &set, why);

	tls_set_unref(set);
	return r > 0 && r != TLS_E_EXPIRED ? conf_complain(&program, "--%s: %s", option, why)
					   : (r < 0 ? r : 0);
}

bool config_speaks_tls(const struct config *config)
{
	return config->listen_tls || (config->grpc_listen && config->tls_cert);
}

static int check_apart(const char *option, const char *text, const struct net_addr *addr,
		       const struct net_addr *other)
{
	return net_overlap(addr, other)
		       ? usage_error(option, text,
				     "has the port of another option: each needs its own")
		       : 0;
}

static int check_grpc(struct config *config)
{
	const char *text = config->grpc_listen;
	int r = text ? check_address("grpc-listen", text, &config->grpc_addr) : 0;

	if (r == 0 && text)
		r = check_apart("grpc-listen", text, &config->grpc_addr, &config->listen_addr);
	if (r == 0 && text && config->listen_tls)
		r = check_apart("grpc-listen", text, &config->grpc_addr, &config->listen_tls_addr);
	return r;
}

static int check_tls(struct config *config)
{
	struct tls_config server = config_tls(config);
	struct tls_config client = { .role = TLS_CLIENT,
				     .certs = (const char *const *)&config->cert,
				     .n_certs = config->cert ? 1 : 0,
				     .keys = (const char *const *)&config->key,
				     .n_keys = config->key ? 1 : 0,
				     .ca = config->ca };
	int r = 0;

	if (config->listen_tls)
		r = check_address("listen-tls", config->listen_tls, &config->listen_tls_addr);
	if (r == 0 && config->listen_tls)
		r = check_apart("listen-tls", config->listen_tls, &config->listen_tls_addr,
				&config->listen_addr);
	if (r == 0 && config->listen_tls && !config->tls_cert)
		r = conf_complain(&program,
				  "--tls-cert is missing: a TLS port needs a certificate");
	if (r == 0 && config_speaks_tls(config))
		r = check_files("tls-cert", &server);
	if (r == 0 && (config->ca || config->cert))
		r = check_files("cert", &client);
	return r;
}

static int check_url(const char *option, const char *text)
{
	struct net_url url;
	int r = text ? net_url_parse(&url, text) : 0;

	if (r == NET_E_SYNTAX)
		return usage_error(option, text, "is no http://HOST[:PORT][/PATH]");
	return r;
}

/* A pod's address is put into the URL as it is, with no brackets around one of IPv6. */
static int check_advertise(const char *text)
{
	struct buf url = { 0 };
	struct net_url parsed;
	int r = 0;

	if (text)
		net_bracket_url(&url, text);
	if (url.failed)
		r = -ENOMEM;
	else if (text)
		r = net_url_parse_analyzer(&parsed, buf_str(&url));
	buf_deinit(&url);
	return r == NET_E_SYNTAX
		       ? usage_error(
				 "advertise", text,
				 "is no http(s)://, h2c:// or grpc(s):// URL of a host and port")
		       : r;
}

static int check_file(const char *option, const char *path, int r)
{
	char why[100];

	if (r == 0)
		return 0;
	snprintf(why, sizeof(why), "cannot be used: %s", strerror(-r));
	return usage_error(option, path, why);
}

static int check_headers(const char *path)
{
	int r = sink_headers_read(path, NULL, NULL);

	if (r == SINK_HEADERS_E_SYNTAX)
		return usage_error("sink-header-file", path, "has a line that is no 'Name: value'");
	return check_file("sink-header-file", path, r);
}

static bool is_http(const struct target *target)
{
	return !target_is_blind(target) && target->kind != TARGET_FILE;
}

/* What one option of the sink needs of another. */
static int check_sink_options(const struct config *config)
{
	const struct target *target = &config->sink_target;

	if (config->sink_outbox && (!config->sink || !target_is_blind(target)))
		return usage_error(
			"sink-outbox", config->sink_outbox,
			"has no use: only gelf+udp, gelf+tcp and gelf+tls need an outbox. Weir keeps what "
			"another sink does not take. Leave the option out");
	if (config->sink_header_file && (!config->sink || !is_http(target)))
		return usage_error(
			"sink-header-file", config->sink_header_file,
			"has no use: only a sink with HTTP has header fields. Leave the option out");
	if (config->sink_ca && (!config->sink || !target->is_tls))
		return usage_error(
			"sink-ca", config->sink_ca,
			"has no use: the sink has no TLS. Write https or gelf+tls, or leave the option out");
	return 0;
}

static int check_sink(struct config *config)
{
	char why[TARGET_WHY_STRLEN];
	int r = 0;

	if (config->sink && target_parse(&config->sink_target, config->sink, why))
		return usage_error("sink", config->sink, why);
	r = check_sink_options(config);
	if (!r && config->sink_header_file)
		r = check_headers(config->sink_header_file);
	if (!r && config->sink_ca)
		r = check_file("sink-ca", config->sink_ca,
			       access(config->sink_ca, R_OK) ? -errno : 0);
	if (!r && config->sink_target.kind == TARGET_FILE && config->sink)
		r = check_file("sink", config->sink, file_check_append(config->sink_target.url));
	if (!r && config->sink_outbox)
		r = check_file("sink-outbox", config->sink_outbox,
			       file_check_append(config->sink_outbox));
	return r;
}

static int check_record(const char *path)
{
	int r = file_check_append(path);
	char why[100];

	if (!r)
		return 0;
	snprintf(why, sizeof(why), "cannot be written: %s", strerror(-r));
	return usage_error("record", path, why);
}

static int finish(void *out)
{
	struct config *config = out;
	int r = check_id(config->id);

	if (!r)
		r = check_delivery_token(config);
	if (!r)
		r = check_address("listen", config->listen, &config->listen_addr);
	if (!r)
		r = check_tls(config);
	if (!r)
		r = check_grpc(config);
	if (!r)
		r = check_advertise(config->advertise);
	if (!r)
		r = check_sink(config);
	if (!r && config->record)
		r = check_record(config->record);
	for (size_t i = 0; !r && i < config->registries.n_values; i++)
		r = check_url("register", config->registries.values[i]);
	return r;
}

static const struct conf_program program = {
	.name = PROGRAM,
	.summary = "Reference analyzer: registers, takes packets, counts their messages.",
	.usage = "--id NAME [options]",
	.epilog = "Example:\n"
		  "  " PROGRAM " --id a1 --weight 0.5 --listen 127.0.0.1:9001 "
		  "--register http://127.0.0.1:8081\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.finish = finish,
};

int config_reload(struct config *config, int argc, char **argv)
{
	int r = conf_reload(&program, config, sizeof(*config), argc, argv);

	if (r == 0)
		log_init((enum log_level)config->log_level, (enum log_format)config->log_format,
			 NULL);
	return r;
}

int config_load(struct config *config, int argc, char **argv)
{
	return conf_load(&program, config, argc, argv, NULL, NULL);
}

void config_free(struct config *config)
{
	conf_free(&program, config);
}
