#include "common/conf/conf_env.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/conf_names.h"
#include "common/conf/conf_variables.h"

#define PREFIX "WEIR_"
#define FILE_SUFFIX "_FILE"
#define NAME_MAX_LEN 160 /* of a variable that is looked at */

const char *conf_env_get(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value ? value : NULL;
}

/* ---- the options of this program ---- */

/* One option's variables: those with the program's name, or the older ones without. */
struct names {
	char value[CONF_ENV_STRLEN], file[CONF_ENV_STRLEN + sizeof(FILE_SUFFIX)];
	const char *text, *path; /* what they hold; NULL: not set */
};

static void look_up(const struct conf_option *option, struct names *names)
{
	snprintf(names->file, sizeof(names->file), "%s" FILE_SUFFIX, names->value);
	names->text = conf_env_get(names->value);
	names->path = option->flags & CONF_SECRET ? conf_env_get(names->file) : NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Another program that takes the old name for an option of another kind; NULL: there is none. */
static const char *find_other(const struct conf_program *program, const struct conf_option *option)
{
	size_t len = strcspn(program->name, " ");

	for (size_t i = 0; i < n_conf_variables; i++) {
		const struct conf_variable *v = &conf_variables[i];

		if (strcmp(v->option, option->name) == 0 &&
		    (strlen(v->program) != len || memcmp(v->program, program->name, len) != 0) &&
		    (v->type != option->type || !is_same(v->fallback, option->fallback)))
			return v->program;
	}
	return NULL;
}

static void warn_of_old(const struct conf_run *run, const struct conf_option *option,
			const struct names *old, const struct names *new)
{
	const char *other = find_other(run->program, option);
	const char *was = old->text ? old->value : old->file;

	if (new->text || new->path) {
		if (!is_same(old->text, new->text) || !is_same(old->path, new->path))
			conf_warn(run->program, "%s is not read, because %s is set", was,
				  new->text ? new->value : new->file);
	} else if (other) {
		conf_warn(run->program, "%s means something else to %s: write %s", was, other,
			  old->text ? new->value : new->file);
	}
}

static int set_option(struct conf_run *run, size_t i)
{
	const struct conf_option *option = &run->program->options[i];
	struct names new, old;
	const struct names *n = &new;
	struct conf_source source = { .origin = CONF_FROM_ENV };

	conf_env_name(run->program->name, option->name, new.value);
	conf_env_old_name(option->name, old.value);
	look_up(option, &new);
	look_up(option, &old);
	if (strcmp(new.value, old.value) != 0 && (old.text || old.path)) {
		warn_of_old(run, option, &old, &new);
		if (!new.text && !new.path)
			n = &old;
	}
	source.has_old_name = n == &old;
	if (n->text && n->path)
		return conf_complain(run->program, "%s and %s are both set", n->value, n->file);
	if (n->text)
		return conf_set(run, i, source, n->value, n->text);
	source.origin = CONF_FROM_ENV_FILE;
	return n->path ? conf_set_from_file(run, i, source, n->file, n->path) : 0;
}

int conf_env_load(struct conf_run *run)
{
	int r = 0;

	for (size_t i = 0; i < run->program->n_options && r == 0; i++)
		if (!(run->program->options[i].flags & CONF_ONCE))
			r = set_option(run, i);
	return r;
}

const char *conf_env_config(const struct conf_program *program)
{
	char name[CONF_ENV_STRLEN];
	const char *path;

	conf_env_name(program->name, "config", name);
	path = conf_env_get(name);
	return path ? path : conf_env_get(PREFIX "CONFIG");
}

/* ---- strangers ---- */

/* What is told of a variable that no program reads. */
struct stranger {
	const char *name;
	char hint[CONF_ENV_STRLEN]; /* the variable that was meant; "": nobody knows */
	unsigned edits;
	bool is_known; /* some program reads it */
};

/* name, or name_FILE */
static void compare(struct stranger *s, const char *name, const char *hint)
{
	size_t len = strlen(name);
	unsigned edits;

	if (strncmp(s->name, name, len) == 0 &&
	    (!s->name[len] || strcmp(s->name + len, FILE_SUFFIX) == 0)) {
		s->is_known = true;
		return;
	}
	edits = conf_distance(s->name, name);
	if (edits < s->edits && 3 * edits <= len - strlen(PREFIX)) {
		s->edits = edits;
		snprintf(s->hint, sizeof(s->hint), "%s", hint);
	}
}

static void compare_option(struct stranger *s, const char *program, const char *option, bool is_own)
{
	char new[CONF_ENV_STRLEN], old[CONF_ENV_STRLEN];

	conf_env_name(program, option, new);
	conf_env_old_name(option, old);
	if (is_own) {
		compare(s, new, new);
		compare(s, old, new);
	} else if (strcmp(s->name, new) == 0 || strcmp(s->name, old) == 0 ||
		   (strncmp(s->name, new, strlen(new)) == 0 &&
		    strcmp(s->name + strlen(new), FILE_SUFFIX) == 0) ||
		   (strncmp(s->name, old, strlen(old)) == 0 &&
		    strcmp(s->name + strlen(old), FILE_SUFFIX) == 0)) {
		s->is_known = true;
	}
}

/* Kubernetes sets them for a Service that is called as the program: WEIR_NODE_SERVICE_HOST,
 * WEIR_NODE_PORT_8080_TCP_ADDR. */
static bool is_of_service(const char *rest)
{
	return strncmp(rest, "SERVICE_", 8) == 0 || strcmp(rest, "PORT") == 0 ||
	       (strncmp(rest, "PORT_", 5) == 0 && isdigit((unsigned char)rest[5]));
}

/* The option of one call alone that a variable is named after; NULL: there is none. */
static const char *once_option(const struct conf_program *program, const char *name)
{
	char new[CONF_ENV_STRLEN], old[CONF_ENV_STRLEN];

	for (size_t i = 0; i < program->n_options; i++) {
		const struct conf_option *option = &program->options[i];

		conf_env_name(program->name, option->name, new);
		conf_env_old_name(option->name, old);
		if (option->flags & CONF_ONCE && (strcmp(name, new) == 0 || strcmp(name, old) == 0))
			return option->name;
	}
	return NULL;
}

static void judge(const struct conf_program *program, const char *name)
{
	const char *once = once_option(program, name);
	struct stranger s = { .name = name, .edits = 3 };
	char own[CONF_ENV_STRLEN];
	size_t len;

	if (once) {
		conf_warn(program, "%s is not read: --%s belongs on the command line", name, once);
		return;
	}
	for (size_t i = 0; i < program->n_options; i++)
		if (!(program->options[i].flags & CONF_ONCE))
			compare_option(&s, program->name, program->options[i].name, true);
	compare_option(&s, program->name, "config", true);
	for (size_t i = 0; i < n_conf_variables; i++)
		compare_option(&s, conf_variables[i].program, conf_variables[i].option, false);
	conf_env_name(program->name, "", own);
	len = strlen(own);
	if (s.is_known || (strncmp(name, own, len) == 0 && is_of_service(name + len)))
		return;
	if (s.hint[0])
		conf_warn(program, "%s is unknown and not read (did you mean %s?)", name, s.hint);
	else if (strncmp(name, own, len) == 0)
		conf_warn(program, "%s is unknown and not read (see --help)", name);
}

void conf_env_warn(const struct conf_program *program)
{
	for (char **variable = environ; *variable; variable++) {
		size_t len = strcspn(*variable, "=");
		char name[NAME_MAX_LEN];

		if (strncmp(*variable, PREFIX, strlen(PREFIX)) != 0 || len >= sizeof(name) ||
		    (*variable)[len] != '=' || !(*variable)[len + 1])
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, *variable);
		judge(program, name);
	}
}
