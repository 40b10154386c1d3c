#include "common/conf/conf_print.h"

#include <string.h>

#include "common/conf/conf_help.h"

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

static void write_value(struct buf *out, const char *value)
{
	if (*value == '\0' || strpbrk(value, " \t\r\n#\"\\"))
		write_quoted(out, value);
	else
		buf_append_str(out, value);
}

/* What is unset or masked becomes a comment: the output is a valid file that sets all the rest. */
static void write_setting(struct buf *out, const struct conf_setting *setting)
{
	const struct conf_option *option = setting->option;

	if (!setting->value) {
		buf_printf(out, "# %s is not set", option->name);
	} else {
		buf_printf(out, "%s%s = ", option->flags & CONF_SECRET ? "# " : "", option->name);
		write_value(out, setting->value);
	}
	buf_printf(out, "  # %s\n", setting->source);
}

int conf_answer_print(const struct conf_settings *settings)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < settings->n; i++)
		write_setting(&out, &settings->list[i]);
	return conf_answer(&out);
}
