#ifndef WEIR_ANALYZER_ANALYZER_H
#define WEIR_ANALYZER_ANALYZER_H
/*
 * The whole: counters, intake, server and membership, from the first to the last moment.
 */
#include "analyzer/config.h"
#include "common/err.h"

struct analyzer;

/* Serves and registers from now on; SIGTERM and SIGINT are taken from all threads. Borrows config
 * for ever. Negative errno. */
int analyzer_new(const struct config *config, struct analyzer **analyzerp) MUST_CHECK;

/*
 * On SIGHUP reads the configuration again, into `config`, which is the one of analyzer_new. Until
 * SIGTERM or SIGINT: deregisters, serves what is still on its way, returns EXIT_SUCCESS. A
 * second signal ends the process at once. EXIT_FAILURE: another instance has taken the id.
 * The server's threads still run then, and nothing is in work any more: the process has to end.
 */
int analyzer_run(struct analyzer *analyzer, struct config *config, int argc, char **argv);

#endif
