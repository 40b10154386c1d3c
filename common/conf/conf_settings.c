#include "common/conf/conf_settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/conf/conf_names.h"
#include "common/conf/conf_value.h"

#define MASK "********"

const char *conf_origin_name(enum conf_origin origin)
{
	static const char *const names[] = { [CONF_FROM_DEFAULT] = "default",
					     [CONF_FROM_FILE] = "file",
					     [CONF_FROM_ENV] = "env",
					     [CONF_FROM_ENV_FILE] = "env",
					     [CONF_FROM_FLAG] = "flag" };

	return names[origin];
}

static void write_source(struct buf *out, const struct conf_run *run, size_t i)
{
	const char *name = run->program->options[i].name;
	enum conf_origin origin = run->sources[i].origin;
	char env[CONF_ENV_STRLEN];

	switch (origin) {
	case CONF_FROM_FILE:
		buf_printf(out, "%s:%u", run->file, run->sources[i].line);
		return;
	case CONF_FROM_ENV:
	case CONF_FROM_ENV_FILE:
		if (run->sources[i].has_old_name)
			conf_env_old_name(name, env);
		else
			conf_env_name(run->program->name, name, env);
		buf_printf(out, "%s%s", env, origin == CONF_FROM_ENV ? "" : "_FILE");
		return;
	case CONF_FROM_FLAG:
		buf_printf(out, "--%s", name);
		return;
	default:
		buf_append_str(out, "default");
	}
}

/* Releases the buffer; NULL: out of memory. */
static char *take_text(struct buf *buf)
{
	char *text = buf->failed ? NULL : strdup(buf_str(buf));

	buf_deinit(buf);
	return text;
}

/* Of lines such as "Authorization: Basic YTpi" the names may be seen. */
static void write_masked(const struct conf_option *option, const void *field, struct buf *out)
{
	const struct conf_list *list = field;

	if (!(option->flags & CONF_LINES)) {
		buf_append_str(out, MASK);
		return;
	}
	for (size_t i = 0; i < list->n_values; i++) {
		const char *colon = strchr(list->values[i], ':');

		buf_append_str(out, i > 0 ? ", " : "");
		if (colon)
			buf_append(out, list->values[i], (size_t)(colon - list->values[i]));
		buf_append_str(out, colon ? ": " MASK : MASK);
	}
}

static int write_setting(struct conf_setting *setting, const struct conf_run *run, size_t i)
{
	const struct conf_option *option = &run->program->options[i];
	struct buf value = { 0 }, source = { 0 };
	bool is_set = option->fallback || run->sources[i].origin != CONF_FROM_DEFAULT;

	setting->option = option;
	setting->origin = run->sources[i].origin;
	write_source(&source, run, i);
	setting->source = take_text(&source);
	if (!is_set)
		return setting->source ? 0 : -ENOMEM;
	if (option->flags & CONF_SECRET)
		write_masked(option, conf_field(option, run->out), &value);
	else
		conf_value_format(option, conf_field(option, run->out), &value);
	setting->value = take_text(&value);
	return setting->source && setting->value ? 0 : -ENOMEM;
}

int conf_settings_init(struct conf_settings *s, const struct conf_run *run)
{
	int r = 0;

	s->n = 0;
	s->list = calloc(run->program->n_options + 1, sizeof(*s->list));
	if (!s->list)
		return -ENOMEM;
	for (size_t i = 0; i < run->program->n_options && r == 0; i++)
		if (!(run->program->options[i].flags & CONF_ONCE))
			r = write_setting(&s->list[s->n++], run, i);
	if (r != 0)
		conf_settings_deinit(s);
	return r;
}

void conf_settings_deinit(struct conf_settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].value);
		free(s->list[i].source);
	}
	free(s->list);
	*s = (struct conf_settings){ 0 };
}

/* ---- those of the process ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static const struct conf_program *kept_program;
static struct conf_settings kept;

/* What a reload does not change goes into the fresh list. */
static void carry_over(struct conf_settings *fresh)
{
	for (size_t i = 0; i < fresh->n && i < kept.n; i++) {
		struct conf_setting old = kept.list[i];

		if (old.option->flags & CONF_RELOADABLE)
			continue;
		kept.list[i] = fresh->list[i];
		fresh->list[i] = old;
	}
}

void conf_settings_keep(const struct conf_program *program, struct conf_settings *s)
{
	struct conf_settings old;

	pthread_mutex_lock(&lock);
	if (kept_program == program)
		carry_over(s);
	old = kept;
	kept = *s;
	kept_program = program;
	pthread_mutex_unlock(&lock);
	conf_settings_deinit(&old);
	*s = (struct conf_settings){ 0 };
}

void conf_settings_each(void (*on)(void *arg, const struct conf_setting *setting), void *arg)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < kept.n; i++)
		on(arg, &kept.list[i]);
	pthread_mutex_unlock(&lock);
}
