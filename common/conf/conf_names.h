#ifndef WEIR_COMMON_CONF_NAMES_H
#define WEIR_COMMON_CONF_NAMES_H
/* How names are spelt, and which one was meant. */
#include "common/conf/conf_option.h"

#define CONF_NO_OPTION SIZE_MAX

/* Index of the option, or CONF_NO_OPTION. */
size_t conf_find(const struct conf_program *program, const char *name, size_t len);
/* The same for "NAME-file", where NAME is a secret. */
size_t conf_find_file(const struct conf_program *program, const char *name, size_t len);
bool conf_name_is(const char *name, const char *text, size_t len); /* '_' is '-' */
#define CONF_ENV_STRLEN 96
/* "admin-listen" of weir-node: "WEIR_NODE_ADMIN_LISTEN"; "node-id": "WEIR_NODE_ID" */
void conf_env_name(const char *program, const char *name, char env[CONF_ENV_STRLEN]);
/* The name that it had before variables carried the program: "WEIR_ADMIN_LISTEN" */
void conf_env_old_name(const char *name, char env[CONF_ENV_STRLEN]);
/* " (did you mean name?)", with --name where the built-in flags count too, or "" */
void conf_suggest(const struct conf_program *program, const char *name, size_t len,
		  bool with_builtins, char hint[128]);

/* The closest of `names` to `word` within two edits, or NULL: for "did you mean". */
const char *conf_closest(const char *word, const char *const *names, size_t n_names);
/* How many edits make b of a: inserts, deletes, replacements, swaps of neighbours. */
unsigned conf_distance(const char *a, const char *b);

#endif
