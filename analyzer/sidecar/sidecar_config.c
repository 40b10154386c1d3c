#include "analyzer/sidecar/sidecar_config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/conf_set.h"
#include "common/http/header_lines.h"
#include "common/log.h"
#include "common/net/net_bracket.h"
#include "common/net/net_url.h"

#define PROGRAM "weir-sidecar"
#define ID_MAX 64
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define TOKEN_CHARACTERS ID_CHARACTERS "~+/="

const char *const sidecar_accepts_names[] = { "batch", "packet", "request", NULL };
static_assert(ARRAY_LEN(sidecar_accepts_names) == SIDECAR_ACCEPTS + 1, "a name for each");

const char *const sidecar_encoding_names[] = { "identity", "gzip", NULL };
static_assert(ARRAY_LEN(sidecar_encoding_names) == SIDECAR_ENCODINGS + 1, "a name for each");

#define FIELD(name) offsetof(struct sidecar_config, name)

static const struct conf_option options[] = {
	{ "id", CONF_STRING, FIELD(id), NULL, "NAME",
	  "The name of the analyzer in the pool: letters, digits, '.', '_' and '-'. The default is the name of the host." },
	{ "url", CONF_STRING, FIELD(url), NULL, "URL",
	  "The URL that nodes deliver to: http(s)://, h2c:// or grpc(s)://. With --accepts request it may end in /*, for the agent's own path and query.",
	  .flags = CONF_REQUIRED },
	{ "weight", CONF_DOUBLE, FIELD(weight), "1", "W",
	  "The weight that the analyzer asks for. Its share is this weight divided by the sum of all weights.",
	  0, 1e6 },
	{ "accepts", CONF_CHOICE, FIELD(accepts), "batch", NULL,
	  "What one delivery holds: a batch of packets, one packet, or the agent's request as it came.",
	  .choices = sidecar_accepts_names },
	{ "register", CONF_LIST, FIELD(registries), NULL, "URL",
	  "The admin port of a node to register with. When one fails, the next is tried.",
	  .flags = CONF_REQUIRED },
	{ "ca", CONF_STRING, FIELD(ca), NULL, "FILE",
	  "Authorities in PEM, one of which must vouch for nodes and for the server's own URLs, where they are https://. The default is those of the system." },
	{ "cert", CONF_STRING, FIELD(cert), NULL, "FILE",
	  "The certificate in PEM by which nodes and the server know this program." },
	{ "key", CONF_STRING, FIELD(key), NULL, "FILE",
	  "The private key of cert. Without it the key is in the file of the certificate." },
	{ "register-token", CONF_STRING, FIELD(register_token), NULL, "TOKEN",
	  "The bearer token for registering.", .flags = CONF_SECRET },
	{ "delivery-token", CONF_STRING, FIELD(delivery_token), NULL, "TOKEN",
	  "The bearer token that nodes send to the server with each delivery.",
	  .flags = CONF_SECRET },
	{ "header", CONF_LIST, FIELD(headers), NULL, "NAME: VALUE",
	  "A header that nodes send to the server with each delivery and health probe, such as a token or a tenant. It goes with health checks of the same host and port, too.",
	  .flags = CONF_SECRET | CONF_LINES },
	{ "encoding", CONF_CHOICE, FIELD(encoding), "identity", NULL,
	  "gzip: nodes pack the bodies of deliveries.", .choices = sidecar_encoding_names },
	{ "ttl", CONF_DURATION, FIELD(ttl_ms), "10s", NULL,
	  "The registration ends this long after the last heartbeat.", 500, 600000 },
	{ "slow-start", CONF_DURATION, FIELD(slow_start_ms), "0", NULL,
	  "After registering, the weight grows to its full value within this time.", 0, 3600000 },
	{ "max-batch-packets", CONF_INT, FIELD(max_batch_packets), "256", "N",
	  "The largest number of packets in one batch.", 1, 65536 },
	{ "max-batch-bytes", CONF_SIZE, FIELD(max_batch_bytes), "1MiB", NULL,
	  "The largest size of one batch.", 1, 1073741824 },
	{ "replace", CONF_BOOL, FIELD(replace), "false", NULL,
	  "Takes the id of an analyzer that is registered at another address and alive." },
	{ "health", CONF_STRING, FIELD(health), NULL, "URL",
	  "The health check of the server. It is registered once this answers well, and sends heartbeats while it does. Without it the server counts as well." },
	{ "health-status", CONF_STRING, FIELD(health_status), "200-299", "N-M",
	  "The status of a good answer." },
	{ "health-body", CONF_STRING, FIELD(health_body), NULL, "TEXT",
	  "A text that the body of a good answer holds." },
	{ "health-interval", CONF_DURATION, FIELD(health_interval_ms), "1s", NULL,
	  "The time between two health checks.", 50, 600000 },
	{ "health-timeout", CONF_DURATION, FIELD(health_timeout_ms), "1s", NULL,
	  "The time limit of one health check.", 10, 60000 },
	{ "health-fall", CONF_INT, FIELD(health_fall), "3", "N",
	  "The server is not well after this number of bad answers in a row.", 1, 100 },
	{ "processed-metric", CONF_STRING, FIELD(processed_metric), NULL, "URL#NAME",
	  "A page of metrics as Prometheus reads it, and the counter in it that heartbeats tell as the messages processed." },
	{ "drain-delay", CONF_DURATION, FIELD(drain_delay_ms), "1s", NULL,
	  "After the analyzer has left, this long is waited for deliveries under way before the command gets the signal.",
	  0, 600000 },
	{ "log-level", CONF_CHOICE, FIELD(log_level), "info", NULL,
	  "The lowest level that is logged.", .choices = log_level_names },
	{ "log-format", CONF_CHOICE, FIELD(log_format), "logfmt", NULL,
	  "The format of the log, which goes to stderr.", .choices = log_format_names },
};

static const struct conf_program program;

static int refuse(const char *option, const char *value, const char *why)
{
	char where[64];

	snprintf(where, sizeof(where), "--%s", option);
	return conf_refuse_value(&program, where, value, why);
}

static int default_id(struct sidecar_config *config)
{
	char host[ID_MAX + 1] = "";

	if (config->id)
		return 0;
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	config->id = strdup(host);
	return config->id ? 0 : -ENOMEM;
}

static int check_id(const char *id)
{
	size_t len = strlen(id);

	if (len == 0 || len > ID_MAX || strspn(id, ID_CHARACTERS) != len)
		return refuse("id", id, "is no name of 1 to 64 of A-Z a-z 0-9 . _ -");
	return 0;
}

/* A pod's address is put into a URL as it is, with no brackets around one of IPv6. */
static int put_brackets(char **urlp)
{
	struct buf url CLEANUP(buf_deinit) = { 0 };
	char *copy;

	if (!*urlp)
		return 0;
	net_bracket_url(&url, *urlp);
	copy = url.failed ? NULL : strdup(buf_str(&url));
	if (!copy)
		return -ENOMEM;
	free(*urlp);
	*urlp = copy;
	return 0;
}

static int check_url(const char *option, const char *text)
{
	struct net_url url;
	int r = text ? net_url_parse(&url, text) : 0;

	return r == NET_E_SYNTAX ? refuse(option, text, "is no http://HOST[:PORT][/PATH]") : r;
}

/* Where nodes deliver to. */
static int check_server(const char *text)
{
	struct net_url url;
	int r = net_url_parse_analyzer(&url, text);

	return r == NET_E_SYNTAX
		       ? refuse("url", text,
				"is no http(s)://HOST[:PORT][/PATH], h2c:// or grpc(s)://HOST:PORT")
		       : r;
}

static int check_delivery_token(const char *token)
{
	size_t len = token ? strlen(token) : 0;

	if (!token || (len >= 16 && len <= 128 && strspn(token, TOKEN_CHARACTERS) == len))
		return 0;
	return refuse("delivery-token", NULL,
		      "must have 16 to 128 characters of A-Z a-z 0-9 - . _ ~ + / =");
}

/* Values are not shown. */
static int check_headers(const struct sidecar_config *config)
{
	static const struct http_slice own = { "Authorization", sizeof("Authorization") - 1 };
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	struct http_slice name, value;
	const char *why = NULL;

	for (size_t i = 0; i < config->headers.n_values && !why; i++) {
		const char *line = config->headers.values[i];

		why = header_lines_split(line, strlen(line), &name, &value);
		if (!why && header_lines_have(buf_str(&lines), name))
			why = "a header is there twice";
		if (!why)
			why = header_lines_set(&lines, name, value);
	}
	if (!why && config->delivery_token && header_lines_have(buf_str(&lines), own))
		why = "delivery-token and the header Authorization are one header";
	return why ? conf_complain(&program, "--header: %s", why) : 0;
}

static int read_status(struct sidecar_config *config)
{
	unsigned least, most;
	int n = 0, n_one = 0;

	if (sscanf(config->health_status, "%3u-%3u%n", &least, &most, &n) == 2 &&
	    !config->health_status[n]) {
	} else if (sscanf(config->health_status, "%3u%n", &least, &n_one) == 1 &&
		   !config->health_status[n_one]) {
		most = least;
	} else {
		return refuse("health-status", config->health_status,
			      "is no status, such as 200 or 200-299");
	}
	if (least < 100 || most > 599 || least > most)
		return refuse("health-status", config->health_status, "is no range of 100 to 599");
	config->status_least = least;
	config->status_most = most;
	return 0;
}

static int read_metric(struct sidecar_config *config)
{
	const char *text = config->processed_metric, *mark = text ? strrchr(text, '#') : NULL;

	if (!text)
		return 0;
	if (!mark || !mark[1] || strlen(mark + 1) > 200)
		return refuse("processed-metric", text, "is no URL#NAME");
	config->processed_url = strndup(text, (size_t)(mark - text));
	config->processed_name = strdup(mark + 1);
	if (!config->processed_url || !config->processed_name)
		return -ENOMEM;
	return check_url("processed-metric", config->processed_url);
}

static int check_health(const struct sidecar_config *config)
{
	size_t len = config->health_body ? strlen(config->health_body) : 0;

	if (len > SIDECAR_BODY_TEXT_MAX)
		return refuse("health-body", config->health_body, "is longer than 1024 characters");
	if (config->health_body && !config->health)
		return refuse("health-body", config->health_body, "needs --health");
	return check_url("health", config->health);
}

static int finish(void *out)
{
	struct sidecar_config *config = out;
	int r = default_id(config);

	if (!r)
		r = check_id(config->id);
	if (!r)
		r = put_brackets(&config->url);
	if (!r)
		r = put_brackets(&config->health);
	if (!r)
		r = put_brackets(&config->processed_metric);
	if (!r)
		r = check_server(config->url);
	if (!r)
		r = check_health(config);
	if (!r)
		r = read_status(config);
	if (!r)
		r = read_metric(config);
	if (!r)
		r = check_delivery_token(config->delivery_token);
	if (!r)
		r = check_headers(config);
	for (size_t i = 0; !r && i < config->registries.n_values; i++)
		r = check_url("register", config->registries.values[i]);
	return r;
}

static const struct conf_program program = {
	.name = PROGRAM,
	.summary =
		"Registers a server that is there as an analyzer: heartbeats while it is well, and it leaves when it ends.",
	.usage = "--url URL --register URL [options] [-- COMMAND [ARG...]]",
	.epilog =
		"With a COMMAND the sidecar starts it, passes signals on and ends with its status. On SIGTERM the\n"
		"analyzer leaves first. As process 1 of a container it also takes care of orphans.\n"
		"\n"
		"Example:\n"
		"  " PROGRAM
		" --id loki1 --weight 2 --url http://10.0.0.7:3100/* --accepts request \\\n"
		"    --health http://10.0.0.7:3100/ready --register http://node:8081\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.takes_arguments = true,
	.finish = finish,
};

static void free_parts(struct sidecar_config *config)
{
	free(config->processed_url);
	free(config->processed_name);
}

int sidecar_config_load(struct sidecar_config *config, int argc, char **argv, char ***commandp)
{
	int n_rest = 0, r;

	config->processed_url = config->processed_name = NULL;
	r = conf_load(&program, config, argc, argv, commandp, &n_rest);
	if (r != 0)
		free_parts(config);
	else if (n_rest == 0)
		*commandp = NULL;
	return r;
}

void sidecar_config_free(struct sidecar_config *config)
{
	free_parts(config);
	conf_free(&program, config);
}
