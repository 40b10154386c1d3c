#include "analyzer/config.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/dedupe.h"
#include "analyzer/fault.h"
#include "common/buf.h"
#include "common/conf/conf_reload.h"
#include "common/conf/conf_set.h"
#include "common/file_check.h"
#include "common/log.h"
#include "common/net/net_bracket.h"
#include "common/net/net_check.h"

#define PROGRAM "weir-analyzer"
#define ID_MAX 64
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

const char *const accepts_names[] = {
	[ACCEPTS_BATCH] = "batch", [ACCEPTS_PACKET] = "packet", NULL
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
	  "The URL that nodes deliver to. The default is http://HOST:PORT/ingest with the address of --listen." },
	{ "accepts", CONF_CHOICE, FIELD(accepts), "batch", NULL,
	  "What one delivery holds: a batch of packets, or one packet.", .choices = accepts_names },
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
	  "After registering, the weight grows to its full value within this time. 0 leaves the choice to the registry.",
	  0, 3600000 },
	{ "dedupe-window", CONF_INT, FIELD(dedupe_window), "100000", "N",
	  "The number of packets that are remembered to find duplicates. 0 switches this off.", 0,
	  DEDUPE_WINDOW_MAX },
	{ "record", CONF_STRING, FIELD(record), NULL, "FILE",
	  "Each packet is appended to this file as one line of JSON before it is acknowledged. No other analyzer may use the file." },
	{ "sink", CONF_STRING, FIELD(sink), NULL, "URL",
	  "Each batch is forwarded to this URL as NDJSON before it is acknowledged." },
	{ "sink-timeout", CONF_DURATION, FIELD(sink_timeout_ms), "5s", NULL,
	  "The time limit for the sink's answer.", 1, 600000 },
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

static int check_listen(struct config *config)
{
	char why[NET_WHY_STRLEN];
	int r = net_addr_parse(&config->listen_addr, config->listen);

	if (r == 0)
		r = net_check_local(&config->listen_addr);
	if (r == 0)
		return 0;
	net_explain(r, config->listen, why);
	return usage_error("listen", config->listen, why);
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
	int r = 0;

	if (text)
		net_bracket_url(&url, text);
	if (url.failed)
		r = -ENOMEM;
	else if (text)
		r = check_url("advertise", buf_str(&url));
	buf_deinit(&url);
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
		r = check_listen(config);
	if (!r)
		r = check_advertise(config->advertise);
	if (!r)
		r = check_url("sink", config->sink);
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
