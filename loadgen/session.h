#ifndef WEIR_LOADGEN_SESSION_H
#define WEIR_LOADGEN_SESSION_H
/*
 * One run of the program, put together from its options: targets, source, run, verdict, report.
 */
#include <stdbool.h>

#include "loadgen/options.h"

#define SESSION_E_USAGE 1 /* an option's value is of no use: said on stderr */

struct session;

/* Opens what the options name. Borrows them for its life; *sessionp is the caller's. */
int session_new(struct session **sessionp, const struct options *options) MUST_CHECK;
struct session *session_free(struct session *session);
DEFINE_CLEANUP(struct session, session_free)

/* Runs once and reports. True: every packet was accepted, and the shares are right if asked for. */
bool session_run(struct session *session) MUST_CHECK;

#endif
