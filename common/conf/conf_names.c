#include "common/conf/conf_names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_builtin.h"
#include "common/err.h"

#define MAX_WORD 64 /* no name is longer */
#define MAX_EDITS 2

bool conf_name_is(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '_' ? '-' : text[i];

		if (name[i] == '\0' || c != (name[i] == '_' ? '-' : name[i]))
			return false;
	}
	return name[len] == '\0';
}

size_t conf_find(const struct conf_program *program, const char *name, size_t len)
{
	for (size_t i = 0; i < program->n_options; i++) {
		if (conf_name_is(program->options[i].name, name, len))
			return i;
	}
	return CONF_NO_OPTION;
}

size_t conf_find_file(const struct conf_program *program, const char *name, size_t len)
{
	static const char suffix[] = "-file";
	size_t before = len - (sizeof(suffix) - 1), i;

	if (len < sizeof(suffix) || !conf_name_is(suffix, name + before, sizeof(suffix) - 1))
		return CONF_NO_OPTION;
	i = conf_find(program, name, before);
	return i != CONF_NO_OPTION && program->options[i].flags & CONF_SECRET ? i : CONF_NO_OPTION;
}

static void make_variable(char *env)
{
	for (; *env; env++)
		*env = *env == '-' ? '_' : (char)toupper((unsigned char)*env);
}

void conf_env_name(const char *program, const char *name, char env[CONF_ENV_STRLEN])
{
	const char *word = strncmp(program, "weir", 4) == 0 ? program + 4 : program;
	size_t len, n;

	word += *word == '-';
	len = strcspn(word, " "); /* "weirctl status" is weirctl */
	if (strncmp(name, word, len) == 0 && name[len] == '-')
		name += len + 1;
	n = (size_t)snprintf(env, CONF_ENV_STRLEN, "WEIR_%.*s%s%s", (int)len, word, len ? "_" : "",
			     name);
	assert(n < CONF_ENV_STRLEN);
	make_variable(env);
}

void conf_env_old_name(const char *name, char env[CONF_ENV_STRLEN])
{
	size_t n = (size_t)snprintf(env, CONF_ENV_STRLEN, "WEIR_%s", name);

	assert(n < CONF_ENV_STRLEN);
	make_variable(env);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Damerau's distance in its
 * restricted form (optimal string alignment), three rows of the table at a time.
 */
unsigned conf_distance(const char *a, const char *b)
{
	unsigned rows[3][MAX_WORD + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > MAX_WORD || len_b > MAX_WORD)
		return UINT32_MAX;
	for (size_t j = 0; j <= len_b; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *reused = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min3(row[j], before[j - 2] + 1, UINT32_MAX);
		}
		before = above;
		above = row;
		row = reused;
	}
	return above[len_b];
}

const char *conf_closest(const char *word, const char *const *names, size_t n_names)
{
	const char *closest = NULL;
	unsigned best = MAX_EDITS + 1;

	for (size_t i = 0; i < n_names; i++) {
		unsigned d = conf_distance(word, names[i]);

		/* As many edits as letters would make any short name out of any other. */
		if (d < best && d < strlen(word)) {
			best = d;
			closest = names[i];
		}
	}
	return closest;
}

void conf_suggest(const struct conf_program *program, const char *name, size_t len,
		  bool with_builtins, char hint[128])
{
	size_t n_names = program->n_options + (with_builtins ? CONF_BUILTINS : 0);
	AUTO_FREE const char **names = calloc(n_names + 1, sizeof(*names));
	char word[MAX_WORD + 1];
	const char *closest;

	hint[0] = '\0';
	if (!names || len > MAX_WORD)
		return;
	for (size_t i = 0; i < len; i++)
		word[i] = name[i] == '_' ? '-' : name[i];
	word[len] = '\0';
	for (size_t i = 0; i < n_names; i++) {
		names[i] = i < program->n_options ? program->options[i].name
						  : conf_builtins[i - program->n_options].name;
	}
	closest = conf_closest(word, names, n_names);
	if (closest)
		snprintf(hint, 128, " (did you mean %s%s?)", with_builtins ? "--" : "", closest);
}
