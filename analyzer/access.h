#ifndef WEIR_ANALYZER_ACCESS_H
#define WEIR_ANALYZER_ACCESS_H
/*
 * Who may do what. Tokens are compared in constant time.
 */
#include "analyzer/config.h"
#include "analyzer/reply.h"

/* Enable and disable: whoever has the control token; without one, whoever is on this machine. A page in
 * a browser never may, whatever name it was loaded under. REFUSED_NOT: it may. */
enum refusal access_check_control(const struct config *config, const struct front_request *rq);
/* Deliver: whoever has the token that the registry was told. NULL: anybody. */
enum refusal access_check_delivery(const char *token, const struct front_request *rq);

#endif
