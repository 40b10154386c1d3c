#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "registry/ctl.h"

static void complain(const char *fmt, va_list args)
{
	fputs("weirctl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

enum ctl_exit ctl_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return CTL_FAILED;
}

enum ctl_exit ctl_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return CTL_USAGE;
}

static enum ctl_exit open_registry(struct ctl *ctl)
{
	const char *redis = ctl->options.redis;
	int r = redis_url_parse(&ctl->url, redis);

	if (r != 0)
		return ctl_usage("--redis: %s", redis_url_strerror(r));
	if (registry_keys_init(&ctl->keys, ctl->options.pool) != 0)
		return ctl_usage(
			"--pool: \"%s\" is no name of a pool: 1 to 64 of A-Z a-z 0-9 . _ -",
			ctl->options.pool);
	if (redis_url_resolve(&ctl->url) != 0)
		return ctl_fail("--redis: the host name \"%s\" cannot be resolved", ctl->url.host);
	ctl->client = client_new(&ctl->url, &ctl->keys, (unsigned)ctl->options.timeout_ms);
	return ctl->client ? CTL_OK : ctl_fail("out of memory");
}

static enum ctl_exit run(const struct ctl_command *command, int argc, char **argv)
{
	struct ctl ctl = { 0 };
	char **arguments;
	int n_arguments,
		r = ctl_options_load(&ctl.options, command, argc, argv, &arguments, &n_arguments);
	enum ctl_exit code;

	if (r != 0)
		return r == CONF_E_DONE    ? CTL_OK
		       : r == CONF_E_USAGE ? CTL_USAGE
					   : ctl_fail("%s", strerror(-r));
	if (n_arguments != command->n_arguments)
		code = ctl_usage("%s: expected %s %s (see weirctl %s --help)", command->name,
				 command->name, command->arguments, command->name);
	else
		code = open_registry(&ctl);
	if (code == CTL_OK)
		code = command->run(&ctl, command, arguments);
	client_free(ctl.client);
	ctl_options_free(&ctl.options);
	if (fflush(stdout) != 0 && code == CTL_OK)
		code = ctl_fail("cannot write: %s", strerror(errno));
	return code;
}

/* No command: --help or --version alone, or a mistake. */
static enum ctl_exit without_command(int argc, char **argv)
{
	struct ctl_options options;
	int r = ctl_options_load(&options, ctl_command_none(), argc, argv, NULL, NULL);

	if (r == CONF_E_DONE)
		return CTL_OK;
	if (r == CONF_E_USAGE)
		return CTL_USAGE;
	ctl_options_free(&options);
	return ctl_usage("no command: try weirctl status, or weirctl --help");
}

int main(int argc, char **argv)
{
	int at = ctl_options_skip(argc, argv);
	const char *name = at ? argv[at] : NULL, *closest;
	const struct ctl_command *command;

	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	if (!name)
		return (int)without_command(argc, argv);
	command = ctl_command_find(name);
	if (!command) {
		closest = ctl_command_closest(name);
		return (int)(closest ? ctl_usage("unknown command \"%s\" (did you mean %s?)", name,
						 closest)
				     : ctl_usage("unknown command \"%s\" (see weirctl --help)",
						 name));
	}
	memmove(argv + at, argv + at + 1,
		(size_t)(argc - at) * sizeof(*argv)); /* with the NULL at the end */
	return (int)run(command, argc - 1, argv);
}
