#ifndef WEIR_COMMON_CONF_ARGS_H
#define WEIR_COMMON_CONF_ARGS_H
/* The command line: which options it names, with which values. */
#include "common/conf/conf_set.h"

/* A value on the command line. */
struct conf_flag {
	size_t option;
	const char *text; /* borrowed from argv */
	bool is_file;     /* the value is in the file that `text` names */
};
struct conf_args {
	struct conf_flag *flags; /* owned */
	size_t n_flags;
	char **rest; /* borrowed: the end of argv */
	int n_rest;
};
/* Fills run->file, check and print too. CONF_E_DONE: --help or --version was answered. */
int conf_args_scan(struct conf_run *run, int argc, char **argv, struct conf_args *args) MUST_CHECK;

#endif
