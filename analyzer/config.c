#include "analyzer/config.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/dedupe.h"
#include "analyzer/fault.h"
#include "common/log.h"

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
	  "Name of this analyzer in the pool: letters, digits, '.', '_', '-'.",
	  .flags = CONF_REQUIRED },
	{ "weight", CONF_DOUBLE, FIELD(weight), "1", "W",
	  "Share of the messages it asks for, relative to the other analyzers.", 0, 1e6 },
	{ "listen", CONF_STRING, FIELD(listen), "127.0.0.1:9001", "HOST:PORT",
	  "Where packets are delivered. Port 0: a free one, which is logged." },
	{ "register", CONF_LIST, FIELD(registries), NULL, "URL",
	  "Admin ports of nodes to register with; the next one is tried when one fails. "
	  "None: it does not register." },
	{ "register-token", CONF_STRING, FIELD(register_token), NULL, "TOKEN",
	  "Bearer token for registering.", .flags = CONF_SECRET },
	{ "advertise", CONF_STRING, FIELD(advertise), NULL, "URL",
	  "Where nodes deliver to. Default: http://HOST:PORT/ingest of --listen." },
	{ "accepts", CONF_CHOICE, FIELD(accepts), "batch", NULL,
	  "What a delivery may hold: many packets, or one.", .choices = accepts_names },
	{ "max-batch-packets", CONF_INT, FIELD(max_batch_packets), "256", "N",
	  "Most packets it wants in one batch.", 1, 65536 },
	{ "max-batch-bytes", CONF_SIZE, FIELD(max_batch_bytes), "1MiB", NULL,
	  "Most bytes it wants in one batch.", 1, 1073741824 },
	{ "max-body", CONF_SIZE, FIELD(max_body_bytes), "64MiB", NULL,
	  "Larger bodies are refused with 413.", 1, 2e9 },
	{ "ttl", CONF_DURATION, FIELD(ttl_ms), "10s", NULL,
	  "How long the registration outlives the last heartbeat.", 500, 600000 },
	{ "slow-start", CONF_DURATION, FIELD(slow_start_ms), "0", NULL,
	  "How long its weight ramps up after registering. 0: as the registry has it.", 0,
	  3600000 },
	{ "dedupe-window", CONF_INT, FIELD(dedupe_window), "100000", "N",
	  "Packets that are remembered to find duplicates. 0: none.", 0, DEDUPE_WINDOW_MAX },
	{ "record", CONF_STRING, FIELD(record), NULL, "FILE",
	  "Appends one line per packet, its JSON, before it is acknowledged. A file of its own." },
	{ "sink", CONF_STRING, FIELD(sink), NULL, "URL",
	  "Forwards each batch as NDJSON before it is acknowledged." },
	{ "sink-timeout", CONF_DURATION, FIELD(sink_timeout_ms), "5s", NULL,
	  "How long the sink may take to answer.", 1, 600000 },
	{ "delay-ms", CONF_INT, FIELD(delay_ms), "0", "N",
	  "Fault: waits so many ms before it answers a delivery.", 0, FAULT_DELAY_MAX_MS },
	{ "error-rate", CONF_DOUBLE, FIELD(error_rate), "0", "P",
	  "Fault: answers 500 to this share of the deliveries, 0 to 1.", 0, 1 },
	{ "threads", CONF_INT, FIELD(n_threads), "64", "N",
	  "Connections served at a time. Beyond three quarters of them connections are not kept "
	  "alive, so that none waits for ever.",
	  1, 4096 },
	{ "log-level", CONF_CHOICE, FIELD(log_level), "info", NULL, "Least level that is logged.",
	  .choices = log_level_names },
	{ "log-format", CONF_CHOICE, FIELD(log_format), "logfmt", NULL,
	  "For people or for machines.", .choices = log_format_names },
};

static int usage_error(const char *option, const char *value, const char *reason)
{
	fprintf(stderr, PROGRAM ": --%s '%s': %s\n", option, value, reason);
	return CONF_E_USAGE;
}

static int check_id(const char *id)
{
	size_t len = strlen(id);

	if (len == 0 || len > ID_MAX || strspn(id, ID_CHARACTERS) != len)
		return usage_error("id", id,
				   "1 to 64 letters, digits, '.', '_' or '-' are allowed");
	return 0;
}

static int check_listen(struct config *config)
{
	int r = net_addr_parse(&config->listen_addr, config->listen);

	if (r == NET_E_SYNTAX)
		return usage_error("listen", config->listen, "it must be HOST:PORT");
	if (r == NET_E_RESOLVE)
		return usage_error("listen", config->listen, "the host name does not resolve");
	return r;
}

static int check_url(const char *option, const char *text)
{
	struct net_url url;
	int r = text ? net_url_parse(&url, text) : 0;

	if (r == NET_E_SYNTAX)
		return usage_error(option, text, "it must be http://HOST[:PORT][/PATH]");
	return r;
}

static int finish(void *out)
{
	struct config *config = out;
	int r = check_id(config->id);

	if (!r)
		r = check_listen(config);
	if (!r)
		r = check_url("advertise", config->advertise);
	if (!r)
		r = check_url("sink", config->sink);
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

int config_load(struct config *config, int argc, char **argv)
{
	return conf_load(&program, config, argc, argv, NULL, NULL);
}

void config_free(struct config *config)
{
	conf_free(&program, config);
}
