#include "common/conf/conf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_args.h"
#include "common/conf/conf_env.h"
#include "common/conf/conf_file.h"
#include "common/conf/conf_names.h"
#include "common/conf/conf_print.h"
#include "common/conf/conf_set.h"
#include "common/conf/conf_value.h"

static int set_defaults(struct conf_run *run)
{
	for (size_t i = 0; i < run->program->n_options; i++) {
		const struct conf_option *option = &run->program->options[i];
		char why[128];
		int r;

		if (!option->fallback)
			continue;
		r = conf_parse_value(option, option->fallback, conf_field(option, run->out), why);
		assert(r <= 0); /* a default that its own option refuses */
		if (r != 0)
			return r;
	}
	return 0;
}

static int set_from_flags(struct conf_run *run, const struct conf_args *args)
{
	int r = 0;

	for (size_t i = 0; i < args->n_flags && r == 0; i++) {
		const struct conf_flag *flag = &args->flags[i];
		const struct conf_source source = { CONF_FROM_FLAG, 0 };
		char where[CONF_ENV_STRLEN + 8];

		snprintf(where, sizeof(where), "--%s%s", run->program->options[flag->option].name,
			 flag->is_file ? "-file" : "");
		r = flag->is_file ? conf_set_from_file(run, flag->option, source, where, flag->text)
				  : conf_set(run, flag->option, source, where, flag->text);
	}
	return r;
}

static int check_required(const struct conf_run *run)
{
	for (size_t i = 0; i < run->program->n_options; i++) {
		const struct conf_option *option = &run->program->options[i];
		char env[CONF_ENV_STRLEN];

		if (!(option->flags & CONF_REQUIRED) || run->sources[i].origin != CONF_FROM_DEFAULT)
			continue;
		conf_env_name(run->program->name, option->name, env);
		return conf_complain(run->program, "--%s is required (or %s in the environment)",
				     option->name, env);
	}
	return 0;
}

static int load(struct conf_run *run, int argc, char **argv, struct conf_args *args)
{
	struct conf_settings settings CLEANUP(conf_settings_deinit) = { 0 };
	int r = set_defaults(run);

	if (r == 0)
		r = conf_args_scan(run, argc, argv, args);
	if (r == 0 && !run->file)
		run->file = conf_env_config(run->program);
	if (r == 0 && run->file)
		r = conf_file_load(run);
	if (r == 0)
		r = conf_env_load(run);
	if (r == 0)
		r = set_from_flags(run, args);
	if (r == 0)
		r = check_required(run);
	if (r == 0)
		conf_env_warn(run->program);
	if (r == 0)
		r = conf_settings_init(&settings, run); /* before `finish` fills anything in */
	if (r == 0 && run->print)
		return conf_answer_print(&settings);
	if (r == 0 && run->program->finish)
		r = run->program->finish(run->out);
	if (r == 0 && run->check && run->program->check)
		r = run->program->check(run->out);
	if (r == 0 && run->check) {
		puts("configuration ok");
		return CONF_E_DONE;
	}
	if (r == 0)
		conf_settings_keep(run->program, &settings);
	return r;
}

int conf_load(const struct conf_program *program, void *out, int argc, char **argv, char ***restp,
	      int *n_restp)
{
	AUTO_FREE struct conf_source *sources = calloc(program->n_options + 1, sizeof(*sources));
	struct conf_run run = { .program = program, .out = out, .sources = sources };
	struct conf_args args = { 0 };
	int r;

	if (!sources)
		return -ENOMEM;
	/* The fields may hold anything: they are zeroed without being released. */
	for (size_t i = 0; i < program->n_options; i++)
		conf_value_zero(&program->options[i], conf_field(&program->options[i], out));
	r = load(&run, argc, argv, &args);
	free(args.flags);
	if (r != 0) {
		conf_free(program, out);
		return r;
	}
	if (restp)
		*restp = args.rest;
	if (n_restp)
		*n_restp = args.n_rest;
	return 0;
}

void conf_free(const struct conf_program *program, void *out)
{
	for (size_t i = 0; i < program->n_options; i++)
		conf_value_clear(&program->options[i], conf_field(&program->options[i], out));
}

const struct conf_option *conf_option_named(const struct conf_program *program, const char *name)
{
	for (size_t i = 0; i < program->n_options; i++)
		if (strcmp(program->options[i].name, name) == 0)
			return &program->options[i];
	return NULL;
}
