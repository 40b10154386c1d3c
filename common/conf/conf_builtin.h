#ifndef WEIR_COMMON_CONF_BUILTIN_H
#define WEIR_COMMON_CONF_BUILTIN_H
/* The flags that every program has. */
struct conf_builtin {
	const char *name;
	const char *placeholder; /* NULL: takes no value */
	const char *help;
};
enum conf_builtin_id {
	CONF_HELP,
	CONF_VERSION,
	CONF_CONFIG,
	CONF_CHECK_CONFIG,
	CONF_PRINT_CONFIG,
	CONF_BUILTINS
};
extern const struct conf_builtin conf_builtins[CONF_BUILTINS];

#endif
