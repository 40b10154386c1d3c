#ifndef WEIR_ANALYZER_ACCESS_H
#define WEIR_ANALYZER_ACCESS_H
/*
 * Who may enable and disable the analyzer: whoever has the control token; without one, whoever is on
 * this machine. A page in a browser never may, whatever name it was loaded under.
 */
#include "analyzer/config.h"
#include "analyzer/reply.h"

/* REFUSED_NOT: it may. */
enum refusal access_check(const struct config *config, const struct request *rq);

#endif
