#ifndef WEIR_ANALYZER_SIDECAR_H
#define WEIR_ANALYZER_SIDECAR_H
/*
 * The life of the sidecar:
 *
 *   KEEPING --SIGTERM, SIGINT--> LEAVING --left, drain-delay--> ENDING --the command ends--> exit
 *      |                            |  a second one: at once ----^
 *      '-- the command ends, or another process takes the id --> LEAVING
 *
 * Other signals go to the command at once.
 */
#include "analyzer/sidecar/sidecar_config.h"

/* Returns the status to exit with. command: ends with NULL; NULL: there is none. */
int sidecar_run(const struct sidecar_config *config, char **command);

#endif
