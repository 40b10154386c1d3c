#include "common/conf/conf_args.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_builtin.h"
#include "common/conf/conf_help.h"
#include "common/conf/conf_names.h"

/* The walk over argv, which ends with the options gathered in front and the arguments behind. */
struct scan {
	struct conf_run *run;
	struct conf_args *args;
	char **argv;
	int argc, i;
	char **front, **rest; /* owned */
	int n_front, n_rest;
	bool dashes; /* "--" was seen: only arguments follow */
};

static enum conf_builtin_id find_builtin(const char *name, size_t len)
{
	int i = 0;

	while (i < CONF_BUILTINS && !conf_name_is(conf_builtins[i].name, name, len))
		i++;
	return (enum conf_builtin_id)i;
}

/* The value of --name: behind '=', or the next argument unless that is an option. */
static int take_value(struct scan *s, const char *name, const char *placeholder,
		      const char *inlined, const char **textp)
{
	const char *next = s->i + 1 < s->argc ? s->argv[s->i + 1] : NULL;

	if (inlined) {
		*textp = inlined;
		return 0;
	}
	if (!next || strncmp(next, "--", 2) == 0)
		return conf_complain(s->run->program, "--%s: needs a value (--%s %s)", name, name,
				     placeholder);
	s->front[s->n_front++] = s->argv[++s->i];
	*textp = next;
	return 0;
}

static int on_builtin(struct scan *s, enum conf_builtin_id id, const char *inlined)
{
	const char *name = conf_builtins[id].name;

	if (inlined && !conf_builtins[id].placeholder)
		return conf_complain(s->run->program, "--%s: takes no value", name);
	switch (id) {
	case CONF_HELP:
		return conf_answer_help(s->run->program);
	case CONF_VERSION:
		return conf_answer_version(s->run->program);
	case CONF_CONFIG:
		return take_value(s, name, conf_builtins[id].placeholder, inlined, &s->run->file);
	case CONF_CHECK_CONFIG:
		s->run->check = true;
		return 0;
	default:
		s->run->print = true;
		return 0;
	}
}

static int on_option(struct scan *s, size_t option, const char *inlined)
{
	const struct conf_option *o = &s->run->program->options[option];
	struct conf_flag *flag = &s->args->flags[s->args->n_flags];
	int r = 0;

	flag->option = option;
	if (o->type == CONF_BOOL)
		flag->text = inlined ? inlined : "true";
	else
		r = take_value(s, o->name, conf_placeholder(o), inlined, &flag->text);
	if (r == 0)
		s->args->n_flags++;
	return r;
}

/* --NAME-file PATH, for a secret: what is on a command line, everybody on the machine can read. */
static int on_file(struct scan *s, size_t option, const char *inlined)
{
	struct conf_flag *flag = &s->args->flags[s->args->n_flags];
	char name[CONF_ENV_STRLEN];
	int r;

	snprintf(name, sizeof(name), "%s-file", s->run->program->options[option].name);
	flag->option = option;
	flag->is_file = true;
	r = take_value(s, name, "PATH", inlined, &flag->text);
	if (r == 0)
		s->args->n_flags++;
	return r;
}

/* `name` is what stands behind "--". */
static int on_flag(struct scan *s, const char *name)
{
	size_t len = strcspn(name, "=");
	const char *inlined = name[len] == '=' ? name + len + 1 : NULL;
	size_t option = conf_find(s->run->program, name, len);
	size_t in_file = conf_find_file(s->run->program, name, len);
	enum conf_builtin_id builtin = find_builtin(name, len);
	char hint[128];

	if (option != CONF_NO_OPTION)
		return on_option(s, option, inlined);
	if (in_file != CONF_NO_OPTION)
		return on_file(s, in_file, inlined);
	if (builtin != CONF_BUILTINS)
		return on_builtin(s, builtin, inlined);
	conf_suggest(s->run->program, name, len, true, hint);
	return conf_complain(s->run->program, "unknown option --%.*s%s", (int)len, name, hint);
}

/* "-" is an argument, and so is a negative number. */
static bool is_argument(const struct scan *s, const char *text)
{
	return s->dashes || text[0] != '-' || text[1] == '\0' || isdigit((unsigned char)text[1]) ||
	       text[1] == '.';
}

static int on_word(struct scan *s)
{
	char *word = s->argv[s->i];

	if (is_argument(s, word)) {
		s->rest[s->n_rest++] = word;
		if (s->run->program->takes_arguments)
			return 0;
		return conf_complain(s->run->program, "unexpected argument \"%s\"", word);
	}
	s->front[s->n_front++] = word;
	if (strcmp(word, "--") == 0) {
		s->dashes = true;
		return 0;
	}
	if (strcmp(word, "-h") == 0)
		return on_builtin(s, CONF_HELP, NULL);
	if (word[1] == '-')
		return on_flag(s, word + 2);
	return conf_complain(s->run->program, "unknown option %s (options begin with --)", word);
}

/* A second scan of the permuted argv finds the same: a reload may load again. */
static void permute(struct scan *s)
{
	memcpy(s->argv + 1, s->front, (size_t)s->n_front * sizeof(*s->front));
	memcpy(s->argv + 1 + s->n_front, s->rest, (size_t)s->n_rest * sizeof(*s->rest));
	s->args->rest = s->argv + 1 + s->n_front;
	s->args->n_rest = s->n_rest;
}

int conf_args_scan(struct conf_run *run, int argc, char **argv, struct conf_args *args)
{
	size_t n = (size_t)(argc > 0 ? argc : 0) + 1;
	AUTO_FREE char **front = calloc(n, sizeof(*front));
	AUTO_FREE char **rest = calloc(n, sizeof(*rest));
	struct scan s = {
		.run = run, .args = args, .argv = argv, .argc = argc, .front = front, .rest = rest
	};
	int r = 0;

	args->flags = calloc(n, sizeof(*args->flags));
	if (!front || !rest || !args->flags)
		return -ENOMEM;
	for (s.i = 1; s.i < argc && r == 0; s.i++)
		r = on_word(&s);
	if (r == 0 && argc > 0)
		permute(&s);
	return r;
}
