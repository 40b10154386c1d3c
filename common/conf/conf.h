#ifndef WEIR_COMMON_CONF_H
#define WEIR_COMMON_CONF_H
/*
 * One table of options drives flags, environment, file, --help, --print-config.
 *
 * Precedence: defaults < file < environment < flags. For an option "admin-listen":
 *   --admin-listen V, --admin-listen=V, "admin-listen = V" in --config FILE, and in the environment
 *   WEIR_NODE_ADMIN_LISTEN=V, which names the program; the older WEIR_ADMIN_LISTEN=V is taken too.
 * '_' and '-' are the same in names. A bool flag stands alone (--x) or takes =true/=false.
 * A secret may be given as NAME_FILE in the environment (its content is read, last newline cut).
 * Always there: --help (-h), --version, --config FILE (WEIR_NODE_CONFIG), --check-config, --print-config
 * (with the origin of each value; a valid file again, but for secrets, which are masked). An
 * unknown flag or file key is an error with "did you mean". An empty variable counts as not set;
 * WEIR_* variables of no option are ignored, with a warning where one is misspelt. In the file '#' after a blank begins a comment, and a
 * value in double quotes may hold anything (\" \\ \n \t \r).
 */
#include "common/conf/conf_option.h"
#include "common/err.h"

/*
 * Fills the options' fields of *out (zeroed first). restp/n_restp: the arguments that are no
 * options, borrowed from argv (argv is permuted, so that loading it again finds the same); may be
 * NULL if the program takes none. Everything after "--" is an argument. For a program that takes
 * arguments, options may stand before and after them. After 0, release with conf_free.
 */
int conf_load(const struct conf_program *program, void *out, int argc, char **argv, char ***restp,
	      int *n_restp) MUST_CHECK;
void conf_free(const struct conf_program *program, void *out);
const struct conf_option *conf_option_named(const struct conf_program *program, const char *name);

#endif
