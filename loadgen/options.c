#include "loadgen/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_set.h"
#include "common/conf/conf_value.h"
#include "common/file_check.h"
#include "common/log.h"
#include "common/rng.h"
#include "loadgen/framing.h"
#include "loadgen/writer.h"

#define DEFAULT_DURATION_MS 10000
#define MAX_DURATION_S 31536000.0

static const char *const progress_names[] = { "auto", "always", "never", NULL };
static_assert(ARRAY_LEN(progress_names) == PROGRESS_CHOICES + 1, "a name for each choice");

const char *const options_format_names[] = {
	"json",      "json-lines", "text",    "form",    "msgpack", "otlp-json", "otlp-proto",
	"loki-json", "loki-proto", "hec",     "hec-raw", "bulk",    "gelf",      "journal",
	"kafkarest", "syslog",     "forward", "ndjson",  "loki",    NULL,
};
static const enum format_id other_names[] = { FORMAT_JSON_LINES, FORMAT_LOKI_JSON };
static_assert(ARRAY_LEN(options_format_names) == FORMATS_OF_PACKETS + ARRAY_LEN(other_names) + 1,
	      "a name for each format");

enum { COMPRESS_AS_AGENTS_DO = COMPRESS_KINDS };
static const char *const compress_choices[] = { "none",   "gzip", "zlib", "zstd",
						"snappy", "auto", NULL };
static_assert(ARRAY_LEN(compress_choices) == COMPRESS_AS_AGENTS_DO + 2, "a name for each choice");

#define AT(field) offsetof(struct options, field)
static const struct conf_option table[] = {
	{ "target", CONF_LIST, AT(target), NULL, "URL",
	  "Where packets go: http://HOST:PORT[/PATH], or tcp://HOST:PORT or udp://HOST:PORT for syslog, gelf and forward. "
	  "The default path is that of the format. Several targets take turns.",
	  .flags = CONF_REQUIRED },
	{ "rate", CONF_DOUBLE, AT(rate), "1000", "PACKETS/S",
	  "The number of packets that become due in a second, however slow the answers are. With 0, each "
	  "connection sends as soon as it has its answer.",
	  0, 1e7 },
	{ "duration", CONF_STRING, AT(duration), NULL, "TIME",
	  "How long packets become due: 10s, 5m, or a number of seconds. 0 means without end. The default is 10s, "
	  "or without end if --count, --max-messages or --replay - end the run." },
	{ "count", CONF_INT, AT(count), "0", "N",
	  "The run stops after N packets. 0 means no such limit.", 0, 1e15 },
	{ "max-messages", CONF_INT, AT(max_messages), "0", "N",
	  "The run stops when at least N messages were sent. 0 means no such limit.", 0, 1e15 },
	{ "messages", CONF_STRING, AT(messages), "1-9", "SIZES",
	  "The number of messages in a packet: 5, 1-9 (all equally likely), or pareto:SHAPE:MAX (a heavy "
	  "tail) such as pareto:1.1:1000." },
	{ "bytes", CONF_SIZE, AT(bytes), "200", NULL,
	  "The approximate size of a synthetic message.", 1, 1048576 },
	{ "ca", CONF_STRING, AT(ca), NULL, "FILE",
	  "Authorities in PEM, one of which must vouch for https:// targets. The default is those of the system." },
	{ "cert", CONF_STRING, AT(cert), NULL, "FILE",
	  "The certificate in PEM that https:// targets are shown, where they ask for one." },
	{ "key", CONF_STRING, AT(key), NULL, "FILE",
	  "The private key of --cert. Without it the key is in the file of the certificate." },
	{ "format", CONF_CHOICE, AT(format_choice), "json", NULL,
	  "What a packet looks like. form holds one message in each packet. In all formats but json, each "
	  "message has an id: that of its packet, a slash and a number. Packets of forward are accepted when they are "
	  "acknowledged. Nobody acknowledges syslog, and gelf without HTTP: they are accepted when they are sent.",
	  .choices = options_format_names },
	{ "compress", CONF_CHOICE, AT(compress_choice), "auto", NULL,
	  "How a packet is compressed. auto: as agents do, which is snappy for loki-proto and none for the others. "
	  "Without HTTP, forward takes gzip and zstd, and gelf over UDP gzip and zlib.",
	  .choices = compress_choices },
	{ "replay", CONF_STRING, AT(replay), NULL, "FILE",
	  "Each line of FILE is sent as one message, again and again. - means standard input, once." },
	{ "connections", CONF_INT, AT(connections), "16", "N",
	  "The number of connections, spread evenly over the targets. Each target has at least one.",
	  1, 65536 },
	{ "timeout", CONF_DURATION, AT(timeout_ms), "10s", NULL,
	  "The time limit of one attempt, connecting included.", 1, 3600000 },
	{ "retries", CONF_INT, AT(retries), "0", "N",
	  "A packet that got no answer, or 429, 502, 503 or 504, is sent up to N times more. It waits for "
	  "Retry-After, or for a growing delay. With 0, every refusal shows in the report.",
	  0, 1000 },
	{ "backlog", CONF_INT, AT(backlog), "1000000", "PACKETS",
	  "The number of due packets that may wait for a connection. Beyond that, the oldest are dropped and "
	  "counted.",
	  1, 1e12 },
	{ "verify", CONF_STRING, AT(verify), NULL, "URL",
	  "The admin URL of a node. The report then compares what each analyzer got during the run with its share. "
	  "If the pool changed during the run, shares are not judged." },
	{ "tolerance", CONF_DOUBLE, AT(tolerance), "0.5", "PERCENT",
	  "With --verify, an analyzer may be this far from its share, in percent of all messages. Four of the "
	  "largest packets are always allowed.",
	  0, 100 },
	{ "acked", CONF_STRING, AT(acked), NULL, "FILE",
	  "The id of each accepted packet is appended to FILE, one a line." },
	{ "id-prefix", CONF_STRING, AT(id_prefix), NULL, "TEXT",
	  "Packet ids are TEXT-NUMBER, with TEXT of letters, digits and ._:- alone. The default is random, so "
	  "that no two runs share ids." },
	{ "seed", CONF_INT, AT(seed), "0", "N",
	  "Equal seeds give equal packets. 0 means a random seed.", 0, 1e15 },
	{ "ingest-token", CONF_STRING, AT(ingest_token), NULL, "TOKEN",
	  "The bearer token for the targets, or the shared key of forward.", .flags = CONF_SECRET },
	{ "admin-token", CONF_STRING, AT(admin_token), NULL, "TOKEN",
	  "The bearer token for --verify.", .flags = CONF_SECRET },
	{ "control", CONF_STRING, AT(control), NULL, "HOST:PORT",
	  "Where orders are taken over HTTP, and a page for browsers is served. Nothing is sent until it is "
	  "ordered, and the run has no end." },
	{ "control-token", CONF_STRING, AT(control_token), NULL, "TOKEN",
	  "The bearer token that orders have to come with.", .flags = CONF_SECRET },
	{ "insecure", CONF_BOOL, AT(insecure), "false", NULL,
	  "Without a control token the control port listens on loopback alone, unless this is given." },
	{ "json", CONF_BOOL, AT(json), "false", NULL, "The report is one JSON object." },
	{ "quiet", CONF_BOOL, AT(quiet), "false", NULL,
	  "There is no progress and no report: the exit status says whether all went well." },
	{ "progress", CONF_CHOICE, AT(progress), "auto", NULL,
	  "Whether a line on stderr shows the progress. auto: if stderr is a terminal.",
	  .choices = progress_names },
	{ "log-level", CONF_CHOICE, AT(log_level), "info", NULL, "The lowest level that is logged.",
	  .choices = log_level_names },
	{ "log-format", CONF_CHOICE, AT(log_format), "logfmt", NULL,
	  "The format of the log, which goes to stderr.", .choices = log_format_names },
};

static const struct conf_program program;

int options_refuse(const char *name, const char *value, const char *why)
{
	char where[64];

	snprintf(where, sizeof(where), "--%s", name);
	return conf_refuse_value(&program, where, value, why);
}

static int options_read_duration(struct options *o)
{
	static const struct conf_option option = { "duration", CONF_DURATION, 0, NULL, NULL, NULL };
	const bool has_other_end =
		o->count || o->max_messages || o->control || (o->replay && !strcmp(o->replay, "-"));
	char why[128] = "", *end;
	double seconds;

	if (!o->duration) {
		o->duration_ms = has_other_end ? 0 : DEFAULT_DURATION_MS;
		return 0;
	}
	seconds = strtod(o->duration, &end);
	if (end != o->duration && !*end && seconds >= 0 && seconds <= MAX_DURATION_S) {
		o->duration_ms = (uint64_t)ceil(seconds * 1000);
		return 0;
	}
	if (conf_parse_value(&option, o->duration, &o->duration_ms, why))
		return options_refuse("duration", o->duration, "is no time such as 10, 10s or 5m");
	return 0;
}

static int options_read_prefix(struct options *o)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

	if (!o->id_prefix)
		return rng_token(o->prefix, 6);
	if (!*o->id_prefix || strlen(o->id_prefix) >= sizeof(o->prefix) ||
	    o->id_prefix[strspn(o->id_prefix, allowed)])
		return options_refuse("id-prefix", o->id_prefix,
				      "is no text of 1 to 64 letters, digits or ._:-");
	strcpy(o->prefix, o->id_prefix);
	return 0;
}

static int choose_body(struct options *o)
{
	enum format_id format = o->format_choice < FORMATS_OF_PACKETS
					? (enum format_id)o->format_choice
					: other_names[o->format_choice - FORMATS_OF_PACKETS];
	bool is_in_snappy = writer_get(format)->is_in_snappy;

	o->body.format = format;
	if (o->compress_choice == COMPRESS_AS_AGENTS_DO)
		o->body.compress = is_in_snappy ? COMPRESS_SNAPPY : COMPRESS_NONE;
	else
		o->body.compress = (enum compress_kind)o->compress_choice;
	if (is_in_snappy && o->body.compress == COMPRESS_NONE)
		return options_refuse("compress", "none",
				      "cannot be: nodes take loki-proto compressed alone");
	return 0;
}

struct tls_config options_tls(const struct options *o)
{
	return (struct tls_config){ .role = TLS_CLIENT,
				    .certs = (const char *const *)&o->cert,
				    .n_certs = o->cert ? 1 : 0,
				    .keys = (const char *const *)&o->key,
				    .n_keys = o->key ? 1 : 0,
				    .ca = o->ca,
				    .alpn = "http/1.1" };
}

static int check_tls(const struct options *o)
{
	struct tls_config config = options_tls(o);
	char why[TLS_WHY_SIZE];
	struct tls_set *set = NULL;
	int r = o->ca || o->cert ? tls_load(&config, time(NULL), &set, why) : 0;

	tls_set_unref(set);
	return r > 0 ? options_refuse(o->cert ? "cert" : "ca", o->cert ? o->cert : o->ca, why) : r;
}

static int check_targets(const struct options *o)
{
	enum target_transport transport = target_transport_of(o->target.values[0]);

	for (size_t i = 0; i < o->target.n_values; i++) {
		CLEANUP(target_deinit) struct target target;
		int r = target_init(&target, o->target.values[i], &o->body, NULL);

		if (r)
			return options_refuse("target", o->target.values[i], target_why(r));
		if (target.transport != transport)
			return options_refuse("target", o->target.values[i],
					      "goes another way than the first target");
	}
	if (!framing_takes(transport, o->body.format, o->body.compress))
		return options_refuse("compress", compress_choices[o->compress_choice],
				      "cannot be: no agent compresses this format so over this "
				      "transport");
	return 0;
}

int options_refuse_file(const char *name, const char *path, int error)
{
	char why[100];

	snprintf(why, sizeof(why), "cannot be opened: %s", strerror(error));
	return options_refuse(name, path, why);
}

static int check_control(struct options *o)
{
	bool has_end = o->duration || o->count || o->max_messages;

	if (!o->control)
		return 0;
	if (net_addr_parse(&o->control_addr, o->control))
		return options_refuse("control", o->control, "is no HOST:PORT");
	if (has_end || o->rate <= 0 || (o->replay && !strcmp(o->replay, "-")))
		return conf_complain(&program,
				     "--control goes without --duration, --count, --max-messages, "
				     "--replay - and --rate 0");
	if (!o->control_token && !o->insecure && !net_addr_is_loopback(&o->control_addr))
		return options_refuse("control", o->control,
				      "is not loopback: give a --control-token, or --insecure");
	return 0;
}

static int check_files(const struct options *o)
{
	bool reads_file = o->replay && strcmp(o->replay, "-") != 0;
	int r = reads_file ? file_check_read(o->replay) : 0;

	if (r)
		return options_refuse_file("replay", o->replay, -r);
	r = o->acked ? file_check_append(o->acked) : 0;
	return r ? options_refuse_file("acked", o->acked, -r) : 0;
}

static int finish(void *options)
{
	struct options *o = options;
	int r = options_read_duration(o);

	if (r)
		return r;
	if (!o->target.n_values)
		return conf_complain(&program, "--target names no URL");
	if (sizes_parse(&o->sizes, o->messages))
		return options_refuse(
			"messages", o->messages,
			"is not N, LO-HI or pareto:SHAPE:MAX (1 to 1000000 messages)");
	r = options_read_prefix(o);
	if (!r)
		r = choose_body(o);
	if (!r)
		r = check_tls(o);
	if (!r)
		r = check_targets(o);
	if (!r)
		r = check_control(o);
	return r ? r : check_files(o);
}

static const struct conf_program program = {
	.name = "weir-loadgen",
	.summary = "Sends packets of log messages on a schedule, and reports what became of them.",
	.usage = "--target URL [options]",
	.epilog =
		"Exit status: 0 when every packet was accepted (with --verify, delivered by right "
		"shares), 1 when not,\n"
		"2 for a wrong command line.\n"
		"\n"
		"  weir-loadgen --target http://127.0.0.1:8080/ingest --rate 5000 --duration 10 "
		"--messages 1-9\n"
		"  weir-loadgen --target http://127.0.0.1:8080 --replay /var/log/syslog --verify "
		"http://127.0.0.1:8081\n"
		"  weir-loadgen --target tcp://127.0.0.1:24224 --format forward --rate 500 "
		"--compress gzip\n"
		"  journalctl -f -o cat | weir-loadgen --target http://127.0.0.1:8080 --replay - "
		"--retries 100\n",
	.options = table,
	.n_options = ARRAY_LEN(table),
	.finish = finish,
};

int options_load(struct options *options, int argc, char **argv)
{
	return conf_load(&program, options, argc, argv, NULL, NULL);
}

void options_free(struct options *options)
{
	conf_free(&program, options);
}
