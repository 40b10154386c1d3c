#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/printable.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_admin.h"
#include "registry/ctl/ctl_out.h"
#include "registry/scripts.h"

/* One write, which nobody waits for longer than LOG_FLUSH_MS: a signal must end weirctl although
 * nobody reads its stderr. */
static void say(const char *fmt, va_list args)
{
	CLEANUP(buf_deinit) struct buf line = { 0 };
	char text[1024] = "";

	vsnprintf(text, sizeof(text), fmt, args);
	buf_append_str(&line, "weirctl: ");
	printable_append(&line, text, strlen(text), "\n");
	buf_append_str(&line, "\n");
	log_write(buf_str(&line), line.len < PIPE_BUF ? line.len : PIPE_BUF);
	log_flush();
}

void ctl_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

enum ctl_exit ctl_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	return CTL_FAILED;
}

enum ctl_exit ctl_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	return CTL_USAGE;
}

static enum ctl_exit open_registry(struct ctl *ctl)
{
	const char *redis = ctl->options.redis;
	int r = redis_url_parse(&ctl->url, redis);

	if (r != 0)
		return ctl_usage("--redis: %s", redis_url_why(&ctl->url));
	ctl->url.file = ctl->options.redis_file; /* a new password may be there */
	if (registry_keys_init(&ctl->keys, ctl->options.pool) != 0)
		return ctl_usage(
			"--pool: \"%s\" is no name of a pool: 1 to 64 of A-Z a-z 0-9 . _ -",
			ctl->options.pool);
	ctl->client = client_new(&ctl->url, registry_scripts(&ctl->keys),
				 (unsigned)ctl->options.timeout_ms);
	return ctl->client ? CTL_OK : ctl_fail("out of memory");
}

/* Nothing is said of an empty spill here where the nodes have theirs on another server. */
static enum ctl_exit check_place(struct ctl *ctl)
{
	const char *words[] = { "HGET", ctl->keys.names[KEY_SPILL_SEEN], "server" };
	redisReply *reply = NULL;
	enum ctl_exit code = CTL_OK;

	if (client_command(ctl->client, &reply, ARRAY_LEN(words), words) == 0 &&
	    reply->type == REDIS_REPLY_STRING)
		code = ctl_fail("spill and dead letters of pool \"%s\" are on another Redis, %s: "
				"give its URL with --spill-redis",
				ctl->options.pool, reply->str);
	if (reply)
		freeReplyObject(reply);
	return code;
}

static enum ctl_exit open_store(struct ctl *ctl)
{
	ctl->store = ctl->client;
	ctl->store_keys = ctl->keys;
	if (!ctl->options.spill_redis)
		return check_place(ctl);
	if (redis_url_parse(&ctl->store_url, ctl->options.spill_redis) != 0)
		return ctl_usage("--spill-redis: %s", redis_url_why(&ctl->store_url));
	ctl->store_url.file = ctl->options.spill_redis_file;
	registry_keys_set_apart(&ctl->store_keys, ctl->options.pool);
	ctl->store = client_new(&ctl->store_url, registry_scripts(&ctl->store_keys),
				(unsigned)ctl->options.timeout_ms);
	return ctl->store ? CTL_OK : ctl_fail("out of memory");
}

static void close_all(struct ctl *ctl)
{
	if (ctl->store && ctl->store != ctl->client) {
		client_free(ctl->store);
		redis_url_deinit(&ctl->store_url);
	}
	client_free(ctl->client);
	redis_url_deinit(&ctl->url);
}

static enum ctl_exit run_on_redis(struct ctl *ctl, const struct ctl_command *command,
				  char **arguments)
{
	enum ctl_exit code = command->takes & CTL_REGISTRY ? open_registry(ctl) : CTL_OK;

	if (code == CTL_OK && command->takes & CTL_STORE)
		code = open_store(ctl);
	if (code == CTL_OK && command->takes & CTL_REGISTRY)
		code = ctl_check_pool(ctl);
	return code == CTL_OK ? command->run(ctl, command, arguments) : code;
}

static enum ctl_exit run(const struct ctl_command *command, int argc, char **argv)
{
	struct ctl ctl = { 0 };
	char **arguments, user[CTL_USER_SIZE];
	int n_arguments,
		r = ctl_options_load(&ctl.options, command, argc, argv, &arguments, &n_arguments);
	enum ctl_exit code;

	if (r != 0)
		return r == CONF_E_DONE    ? CTL_OK
		       : r == CONF_E_USAGE ? CTL_USAGE
					   : ctl_fail("%s", strerror(-r));
	ctl_user_write(user);
	snprintf(ctl.by, sizeof(ctl.by), "%s with weirctl", user);
	if (n_arguments < command->min_arguments || n_arguments > command->max_arguments)
		code = ctl_usage("expected weirctl %s %s (see weirctl %s --help)", command->name,
				 command->arguments, command->name);
	else if (ctl.options.admin && strncmp(ctl.options.admin, "http://", 7) != 0 &&
		 strncmp(ctl.options.admin, "https://", 8) != 0)
		code = ctl_usage("--admin: \"%s\" is no http://HOST:PORT of a node's admin port",
				 ctl.options.admin);
	else
		code = ctl.options.admin ? ctl_admin_run(&ctl, command, arguments)
					 : run_on_redis(&ctl, command, arguments);
	close_all(&ctl);
	ctl_options_free(&ctl.options);
	if (fflush(stdout) != 0 && code == CTL_OK)
		code = ctl_fail("cannot write: %s", strerror(errno));
	return code;
}

/* No command, or a group alone: --help or --version, what the group means then, or a mistake. */
static enum ctl_exit without_command(const char *group, int argc, char **argv)
{
	const struct ctl_command *none = ctl_command_none(group);
	struct ctl_options options;
	int r = ctl_options_load(&options, none, argc, argv, NULL, NULL);

	if (r == CONF_E_DONE)
		return CTL_OK;
	if (r == CONF_E_USAGE)
		return CTL_USAGE;
	ctl_options_free(&options);
	if (none->run)
		return run(none, argc, argv);
	return group[0] ? ctl_usage("%s needs one of its commands (see weirctl %s --help)", group,
				    group)
			: ctl_usage("no command: try weirctl status, or weirctl --help");
}

static enum ctl_exit unknown_command(const char *name, const char *group)
{
	const char *closest = ctl_command_closest(name);

	if (closest)
		return ctl_usage("unknown command \"%s\" (did you mean %s?)", name, closest);
	return ctl_usage("unknown command \"%s\" (see weirctl %s%s--help)", name, group,
			 group[0] ? " " : "");
}

/* Takes the first word that is no option out of argv; NULL: there is none. */
static const char *take_word(int *argcp, char **argv)
{
	int at = ctl_options_skip(*argcp, argv);
	const char *word = at ? argv[at] : NULL;

	if (at) {
		memmove(argv + at, argv + at + 1,
			(size_t)(*argcp - at) * sizeof(*argv)); /* with the NULL at the end */
		(*argcp)--;
	}
	return word;
}

int main(int argc, char **argv)
{
	const char *word = take_word(&argc, argv), *group = "";
	const struct ctl_command *command;
	char name[64];

	if (ctl_out_start() != 0)
		return CTL_FAILED;
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	if (word && ctl_command_is_group(word)) {
		group = word;
		word = take_word(&argc, argv);
	}
	if (!word)
		return (int)without_command(group, argc, argv);
	snprintf(name, sizeof(name), "%s%s%s", group, group[0] ? " " : "", word);
	command = ctl_command_find(name);
	return (int)(command ? run(command, argc, argv) : unknown_command(name, group));
}
