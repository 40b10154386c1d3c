#include <stdio.h>
#include <string.h>

#include "common/conf/conf_path.h"
#include "common/conf/conf_settings.h"
#include "registry/ctl/ctl.h"

#define AT(field) offsetof(struct ctl_options, field)
#define N_OPTIONS ARRAY_LEN(table)

static const struct {
	unsigned of; /* CTL_*; 0: all commands */
	struct conf_option option;
} table[] = {
	{ CTL_REGISTRY,
	  { "redis", CONF_STRING, AT(redis), "redis://127.0.0.1:6379/0", "URL",
	    "Where Redis is: redis://[user:password@]host[:port][/db], rediss:// (TLS), redis+sentinel://host[:port],.../master[/db], redis+cluster://host[:port],... or unix:///path. PROTOCOL.md has all forms.",
	    .flags = CONF_SECRET } },
	{ CTL_STORE,
	  { "spill-redis", CONF_STRING, AT(spill_redis), NULL, "URL",
	    "The Redis that the nodes have for spill and dead letters. The default is --redis.",
	    .flags = CONF_SECRET } },
	{ CTL_REGISTRY,
	  { "pool", CONF_STRING, AT(pool), "default", "NAME",
	    "The pool of analyzers. A node that --admin names has its own." } },
	{ CTL_REGISTRY,
	  { "admin", CONF_STRING, AT(admin), NULL, "URL",
	    "The admin port of a node, such as http://127.0.0.1:8081. The command goes through it, needs no Redis, and is about the pool of that node." } },
	{ CTL_REGISTRY,
	  { "admin-token", CONF_STRING, AT(admin_token), NULL, "TOKEN",
	    "The bearer token for --admin.", .flags = CONF_SECRET } },
	{ CTL_REGISTRY,
	  { "ca", CONF_STRING, AT(ca), NULL, "FILE",
	    "Authorities in PEM, one of which must vouch for an https:// --admin. The default is those of the system." } },
	{ CTL_REGISTRY,
	  { "cert", CONF_STRING, AT(cert), NULL, "FILE",
	    "The certificate in PEM that the node is shown, where it asks for one." } },
	{ CTL_REGISTRY,
	  { "key", CONF_STRING, AT(key), NULL, "FILE",
	    "The private key of --cert. Without it the key is in the file of the certificate." } },
	{ 0,
	  { "timeout", CONF_DURATION, AT(timeout_ms), "3s", NULL,
	    "The time limit for connecting, and for each call.", 10, 600000 } },
	{ CTL_REGISTRY,
	  { "json", CONF_BOOL, AT(json), "false", NULL, "The output is JSON, for programs." } },
	{ CTL_WATCH,
	  { "interval", CONF_DURATION, AT(interval_ms), "1s", NULL,
	    "The time between two looks at the pool.", 50, 3600000 } },
	{ CTL_WATCH,
	  { "count", CONF_INT, AT(count), "0", "N",
	    "The command ends after this many looks. 0 means never.", 0, 1e9 } },
	{ CTL_EVENTS,
	  { "count", CONF_INT, AT(count), "0", "N",
	    "The command ends after this many lines. 0 means never.", 0, 1e9 } },
	{ CTL_EVENTS,
	  { "for", CONF_DURATION, AT(for_ms), "0", "TIME",
	    "The command ends after this time. 0 means never.", 0, 86400000 } },
	{ CTL_EVENTS,
	  { "last", CONF_INT, AT(last), "0", "N",
	    "Shows the last N entries of the journal, and ends. 0 means all that --since asks for.",
	    0, 1e6, .flags = CONF_ONCE } },
	{ CTL_EVENTS,
	  { "since", CONF_DURATION, AT(since_ms), "0", "TIME",
	    "Shows the entries of the journal that are at most this old, and ends. 0 means any age.",
	    0, 31536000000.0, .flags = CONF_ONCE } },
	{ CTL_DRAIN,
	  { "wait", CONF_BOOL, AT(wait), "false", NULL,
	    "The command ends when nothing is queued for the analyzer, or on its way to it, at any node: it may be stopped then.",
	    .flags = CONF_ONCE } },
	{ CTL_DRAIN,
	  { "wait-timeout", CONF_DURATION, AT(drain_timeout_ms), "5m", "TIME",
	    "With --wait, the command fails after this time.", 1000, 86400000 } },
	{ CTL_FAULT,
	  { "latency", CONF_DURATION, AT(latency_ms), NULL, "TIME",
	    "The analyzer waits this long before it answers a delivery.", 1, 60000,
	    .flags = CONF_ONCE } },
	{ CTL_FAULT,
	  { "errors", CONF_DOUBLE, AT(errors), NULL, "PART",
	    "The analyzer answers this part of the deliveries with 500.", 0, 1,
	    .flags = CONF_ONCE } },
	{ CTL_FAULT,
	  { "off", CONF_BOOL, AT(off), "false", NULL,
	    "The analyzer answers deliveries with 500, and its health check with 503.",
	    .flags = CONF_ONCE } },
	{ CTL_FAULT,
	  { "clear", CONF_BOOL, AT(clear), "false", NULL, "The simulated fault ends.",
	    .flags = CONF_ONCE } },
	{ CTL_VERIFY,
	  { "tolerance", CONF_DOUBLE, AT(tolerance), "0.5", "PERCENT",
	    "An analyzer may be this far from its share, in percent of all messages. Four packets are always allowed.",
	    0, 100 } },
	{ CTL_VERIFY,
	  { "for", CONF_DURATION, AT(for_ms), "0", "TIME",
	    "Verifies what is routed in this time from now on, instead of all since the beginning. Totals do not "
	    "follow weights that were changed on the way.",
	    0, 86400000 } },
	{ CTL_VERIFY,
	  { "wait", CONF_DURATION, AT(wait_ms), "5s", "TIME",
	    "Without --for, the command waits at most this long for deliveries under way and for the analyzers' next "
	    "heartbeats.",
	    0, 600000 } },
	{ CTL_LIST,
	  { "limit", CONF_INT, AT(limit), "20", "N", "The largest number of entries to show.", 1,
	    1e9 } },
	{ CTL_REPLAY,
	  { "spill-max-bytes", CONF_SIZE, AT(spill_max_bytes), "512MiB", NULL,
	    "The spill may not grow beyond this size. Give the value that the nodes have." } },
	{ CTL_PURGE,
	  { "yes", CONF_BOOL, AT(yes), "false", NULL, "Deletes all without asking.",
	    .flags = CONF_ONCE } },
};

/* Whether --name, or --name=value, takes the next word as its value. */
static bool takes_next(const char *name)
{
	size_t len = strcspn(name, "=");

	if (name[len] == '=')
		return false;
	if (strcmp(name, "config") == 0)
		return true;
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct conf_option *option = &table[i].option;
		size_t n = strlen(option->name);

		if (strcmp(option->name, name) == 0)
			return option->type != CONF_BOOL;
		if (option->flags & CONF_SECRET && strncmp(name, option->name, n) == 0 &&
		    strcmp(name + n, "-file") == 0)
			return true;
	}
	return false;
}

int ctl_options_skip(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return i;
		if (strncmp(argv[i], "--", 2) == 0 && takes_next(argv[i] + 2))
			i++;
	}
	return 0;
}

const struct conf_option *ctl_options_at(const struct ctl_command *command, size_t at)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if ((!table[i].of || (table[i].of & command->takes)) && at-- == 0)
			return &table[i].option;
	return NULL;
}

static size_t select_options(unsigned takes, struct conf_option *options)
{
	size_t n = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (!table[i].of || (table[i].of & takes))
			options[n++] = table[i].option;
	return n;
}

/* Of an option that the command may not have. */
static const char *file_of(const struct conf_program *program, const char *name)
{
	for (size_t i = 0; i < program->n_options; i++)
		if (strcmp(program->options[i].name, name) == 0)
			return conf_path_of(&program->options[i]);
	return NULL;
}

/* ---- options that contradict each other ---- */

/* What was said of the way to the pool, and where. */
struct said {
	struct ctl_options *options;
	char admin[CTL_SOURCE_SIZE];  /* "--admin", "WEIR_ADMIN"; "": nowhere */
	char direct[CTL_SOURCE_SIZE]; /* a flag that only means something without a node */
	char token[CTL_SOURCE_SIZE];  /* a flag that only means something with one */
};

static bool is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

static void on_setting(void *arg, const struct conf_setting *setting)
{
	static const char *const direct[] = { "redis", "spill-redis", "pool", "spill-max-bytes",
					      NULL },
				 *const of_node[] = { "admin-token", "ca", "cert", "key", NULL };
	struct said *said = arg;
	const char *name = setting->option->name;
	bool is_flag = setting->origin == CONF_FROM_FLAG;

	if (setting->origin == CONF_FROM_DEFAULT)
		return;
	if (strcmp(name, "admin") == 0)
		snprintf(said->admin, sizeof(said->admin), "%s", setting->source);
	else if (is_flag && is_one_of(name, direct))
		snprintf(said->direct, sizeof(said->direct), "%s", setting->source);
	else if (is_flag && is_one_of(name, of_node))
		snprintf(said->token, sizeof(said->token), "%s", setting->source);
	else if (strcmp(name, "pool") == 0)
		snprintf(said->options->pool_source, CTL_SOURCE_SIZE, "%s", setting->source);
}

/* What stands on the command line is meant, so none of it is passed over in silence. A variable may be
 * there for other commands. */
static int check_way(struct ctl_options *options)
{
	struct said said = { .options = options };

	conf_settings_each(on_setting, &said);
	if (options->admin && said.direct[0])
		ctl_usage("%s does not go with %s: the node at %s has its own pool and Redis",
			  said.direct, said.admin, options->admin);
	else if (!options->admin && said.token[0])
		ctl_usage("%s means nothing without --admin", said.token);
	else
		return 0;
	ctl_options_free(options);
	return CONF_E_USAGE;
}

int ctl_options_load(struct ctl_options *out, const struct ctl_command *command, int argc,
		     char **argv, char ***restp, int *n_restp)
{
	struct conf_option options[N_OPTIONS];
	char name[32], usage[80];
	struct conf_program program = { .name = name,
					.summary = command->summary,
					.usage = usage,
					.epilog = ctl_command_help(command),
					.options = options,
					.takes_arguments = command->max_arguments > 0 };

	int r;

	snprintf(name, sizeof(name), command->name[0] ? "weirctl %s" : "weirctl", command->name);
	snprintf(usage, sizeof(usage), "%s%s[options]", command->arguments,
		 command->arguments[0] ? " " : "");
	*out = (struct ctl_options){ 0 };
	program.n_options = select_options(command->takes, options);
	r = conf_load(&program, out, argc, argv, restp, n_restp);
	out->redis_file = file_of(&program, "redis");
	out->spill_redis_file = file_of(&program, "spill-redis");
	return r == 0 ? check_way(out) : r;
}

void ctl_options_free(struct ctl_options *options)
{
	free(options->redis);
	free(options->spill_redis);
	free(options->pool);
	free(options->admin);
	free(options->admin_token);
	free(options->ca);
	free(options->cert);
	free(options->key);
	*options = (struct ctl_options){ 0 };
}
