#include "common/conf/conf_help.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_amount.h"
#include "common/conf/conf_builtin.h"
#include "common/conf/conf_names.h"
#include "common/process.h"

#define WIDTH 88       /* columns of --help */
#define MAX_HEADING 30 /* a longer "--name PLACEHOLDER" has a line of its own */

static const char *const type_placeholders[] = {
	[CONF_STRING] = "TEXT",   [CONF_INT] = "N",         [CONF_DOUBLE] = "X",
	[CONF_BOOL] = NULL,       [CONF_DURATION] = "TIME", [CONF_SIZE] = "SIZE",
	[CONF_CHOICE] = "CHOICE", [CONF_LIST] = "A,B,...",
};
static_assert(ARRAY_LEN(type_placeholders) == CONF_TYPES, "a placeholder for each type");

/* Appends words up to WIDTH, further lines indented by `indent`; *columnp is where the line stands.
 */
static void wrap(struct buf *out, const char *text, size_t indent, size_t *columnp)
{
	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " ");

		if (*columnp > indent && *columnp + 1 + len > WIDTH) {
			buf_printf(out, "\n%*s", (int)indent, "");
			*columnp = indent;
		} else if (*columnp > indent) {
			buf_append_str(out, " ");
			++*columnp;
		}
		buf_append(out, text, len);
		*columnp += len;
		text += len;
	}
}

static void new_line(struct buf *out, size_t indent, size_t *columnp)
{
	buf_printf(out, "\n%*s", (int)indent, "");
	*columnp = indent;
}

/* "--name PLACEHOLDER" */
static void heading_of(const char *name, const char *placeholder, struct buf *heading)
{
	buf_clear(heading);
	buf_printf(heading, "--%s%s%s", name, placeholder ? " " : "",
		   placeholder ? placeholder : "");
}

const char *conf_placeholder(const struct conf_option *option)
{
	return option->placeholder ? option->placeholder : type_placeholders[option->type];
}

/* Ends with the column at `indent`, ready for the text. */
static void write_heading(struct buf *out, const struct buf *heading, size_t indent,
			  size_t *columnp)
{
	buf_append_str(out, "  ");
	buf_append(out, heading->data, heading->len);
	if (heading->len + 4 > indent)
		new_line(out, indent, columnp);
	else
		buf_printf(out, "%*s", (int)(indent - heading->len - 2), "");
	*columnp = indent;
}

/* Choices, range, default, environment: "default 4; 1 to 256; WEIR_NODE_WORKERS (reloadable)" */
static void facts_of(const struct conf_program *program, const struct conf_option *option,
		     struct buf *facts)
{
	char range[CONF_RANGE_STRLEN], env[CONF_ENV_STRLEN];

	buf_clear(facts);
	buf_append_str(facts, "[");
	for (const char *const *choice = option->choices; choice && *choice; choice++)
		buf_printf(facts, "%s%s", *choice, choice[1] ? "|" : "; ");
	conf_range_format(option, range);
	if (range[0])
		buf_printf(facts, "%s; ", range);
	if (option->flags & CONF_REQUIRED)
		buf_append_str(facts, "required; ");
	else if (option->fallback)
		buf_printf(facts, "default: %s; ", *option->fallback ? option->fallback : "\"\"");
	conf_env_name(program->name, option->name, env);
	if (option->flags & CONF_ONCE)
		buf_append_str(facts, "on the command line only");
	else
		buf_printf(facts, "env: %s", env);
	if (option->flags & CONF_SECRET)
		buf_printf(facts, " or %s_FILE", env);
	buf_append_str(facts, "]");
	if (option->type == CONF_LIST)
		buf_append_str(facts, " (repeatable)");
	if (option->flags & CONF_RELOADABLE)
		buf_append_str(facts, " (reloadable)");
}

static size_t indent_of(const struct conf_program *program, struct buf *heading)
{
	size_t widest = strlen("--print-config");

	for (size_t i = 0; i < program->n_options; i++) {
		heading_of(program->options[i].name, conf_placeholder(&program->options[i]),
			   heading);
		if (heading->len > widest && heading->len <= MAX_HEADING)
			widest = heading->len;
	}
	return widest + 4;
}

static void write_option(struct buf *out, const struct conf_program *program,
			 const struct conf_option *option, size_t indent, struct buf *scratch)
{
	size_t column;

	heading_of(option->name, conf_placeholder(option), scratch);
	write_heading(out, scratch, indent, &column);
	wrap(out, option->help, indent, &column);
	new_line(out, indent, &column);
	facts_of(program, option, scratch);
	wrap(out, buf_str(scratch), indent, &column);
	buf_append_str(out, "\n");
}

static void write_help(struct buf *out, const struct conf_program *program, struct buf *scratch)
{
	size_t indent = indent_of(program, scratch), column = 0;
	char env[CONF_ENV_STRLEN];

	conf_env_name(program->name, "config", env);
	buf_printf(out, "Usage: %s %s\n\n", program->name,
		   program->usage ? program->usage : "[options]");
	wrap(out, program->summary, 0, &column);
	buf_append_str(out, "\n\nOptions:\n");
	for (size_t i = 0; i < program->n_options; i++)
		write_option(out, program, &program->options[i], indent, scratch);
	buf_append_str(out, "\nHelp and configuration:\n");
	for (size_t i = 0; i < CONF_BUILTINS; i++) {
		heading_of(conf_builtins[i].name, conf_builtins[i].placeholder, scratch);
		write_heading(out, scratch, indent, &column);
		wrap(out, conf_builtins[i].help, indent, &column);
		buf_append_str(out, "\n");
	}
	buf_append_str(out, "\n");
	column = 0;
	buf_clear(scratch);
	buf_printf(
		scratch,
		"Each option can be given as --name VALUE or --name=VALUE, or as a variable in the "
		"environment. A file named by --config (or %s) has lines \"name = VALUE\". ",
		env);
	buf_append_str(
		scratch,
		"The flag wins over the environment, the environment over the file, the file over "
		"the default. A secret, such as a token, can be kept in a file of its own: the "
		"option NAME-file takes its path.");
	wrap(out, buf_str(scratch), 0, &column);
	buf_append_str(out, "\n");
	if (program->epilog) {
		size_t len = strlen(program->epilog);

		buf_printf(out, "\n%s%s", program->epilog,
			   len > 0 && program->epilog[len - 1] == '\n' ? "" : "\n");
	}
}

int conf_answer(struct buf *out)
{
	int r = out->failed ? -ENOMEM : CONF_E_DONE;

	if (r == CONF_E_DONE) {
		fwrite(out->data, 1, out->len, stdout);
		fflush(stdout);
	}
	buf_deinit(out);
	return r;
}

int conf_answer_help(const struct conf_program *program)
{
	struct buf out = { 0 }, scratch = { 0 };

	write_help(&out, program, &scratch);
	out.failed |= scratch.failed;
	buf_deinit(&scratch);
	return conf_answer(&out);
}

int conf_answer_version(const struct conf_program *program)
{
	printf("%s %s (%s, %s)\n", program->name, WEIR_VERSION, WEIR_BUILD_TYPE, PROCESS_COMPILER);
	fflush(stdout);
	return CONF_E_DONE;
}
