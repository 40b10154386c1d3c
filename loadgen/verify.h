#ifndef WEIR_LOADGEN_VERIFY_H
#define WEIR_LOADGEN_VERIFY_H
/*
 * Asks a node's admin port for /v1/cluster before and after a run, and compares. Blocking.
 */
#include "loadgen/verdict.h"

#define VERIFY_E_HTTP 1  /* no answer, or not 200: logged */
#define VERIFY_E_SHAPE 2 /* the answer is not a cluster: logged */

/* For an https:// URL: files in PEM, borrowed; NULL: as the system has it, or none is shown. */
struct verify_tls {
	const char *ca, *cert, *key;
};

struct verify {
	char *url;         /* owned; of /v1/cluster */
	const char *token; /* borrowed; may be NULL */
	const struct verify_tls *tls;
	struct cluster before;
};

/* The look before the run. Borrows `token` and `tls`. After 0, release with verify_deinit. */
int verify_init(struct verify *v, const char *admin_url, const char *token,
		const struct verify_tls *tls) MUST_CHECK;
void verify_deinit(struct verify *v);

/*
 * The look after the run, again and again until what was accepted shows as delivered, for 10 s at
 * most: nodes publish their counters with a delay. See verdict_init for the arguments.
 */
int verify_judge(const struct verify *v, int64_t accepted, double tolerance_percent,
		 double slack_messages, struct verdict *verdict) MUST_CHECK;

#endif
