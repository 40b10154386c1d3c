#include "common/conf/conf_print.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_help.h"
#include "common/conf/conf_names.h"
#include "common/conf/conf_value.h"

static void write_quoted(struct buf *out, const char *value)
{
	static const char escapes[256] = {
		['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'
	};

	buf_append_str(out, "\"");
	for (; *value; value++) {
		char escape = escapes[(unsigned char)*value];

		if (escape)
			buf_printf(out, "\\%c", escape);
		else
			buf_append(out, value, 1);
	}
	buf_append_str(out, "\"");
}

static void write_origin(struct buf *out, const struct conf_run *run, size_t i)
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

static void write_value(struct buf *out, const char *value)
{
	if (*value == '\0' || strpbrk(value, " \t\r\n#\"\\"))
		write_quoted(out, value);
	else
		buf_append_str(out, value);
}

/* What is unset or masked becomes a comment: the output is a valid file that sets all the rest. */
static void write_setting(struct buf *out, const struct conf_run *run, size_t i, struct buf *value)
{
	const struct conf_option *option = &run->program->options[i];

	if (!option->fallback && run->sources[i].origin == CONF_FROM_DEFAULT) {
		buf_printf(out, "# %s is not set", option->name);
	} else if (option->flags & CONF_SECRET) {
		buf_printf(out, "# %s = ********", option->name);
	} else {
		buf_clear(value);
		conf_value_format(option, conf_field(option, run->out), value);
		buf_printf(out, "%s = ", option->name);
		write_value(out, buf_str(value));
	}
	buf_append_str(out, "  # ");
	write_origin(out, run, i);
	buf_append_str(out, "\n");
}

int conf_answer_print(const struct conf_run *run)
{
	struct buf out = { 0 }, value = { 0 };

	for (size_t i = 0; i < run->program->n_options; i++)
		if (!(run->program->options[i].flags & CONF_ONCE))
			write_setting(&out, run, i, &value);
	out.failed |= value.failed;
	buf_deinit(&value);
	return conf_answer(&out);
}
