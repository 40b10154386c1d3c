#ifndef WEIR_NODE_RESULTS_H
#define WEIR_NODE_RESULTS_H
/*
 * What an analyzer says of each packet of a batch, in the JSON of a 2xx answer:
 *
 *   {"results": [{"status": 200}, {"status": 422, "error": "no field \"time\""}]}
 *
 * The n-th result is that of the n-th packet. Any other answer is one for all packets. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define RESULTS_E_NONE 1   /* it says nothing of single packets */
#define RESULTS_E_MISFIT 2 /* not one status from 100 to 599 for each packet, or cut off */

struct result {
	int status;
	const char *text; /* the result itself, borrowed from the answer */
	size_t len;
};

/* Whether it is worth a look: most answers say nothing of single packets. */
bool results_may_be_in(const char *json, size_t len);
/* The status that the raw value is: three digits, and nothing behind them. 0: it is none. */
int results_read_status(const char *at, const char *end);
/* Fills n results, or returns one of the above. */
int results_read(const char *json, size_t len, struct result *results, unsigned n) MUST_CHECK;
/* The same, of the Results that end a call of weir.v1.Analyzer/Deliver. The text is the error. */
int results_read_call(const char *data, size_t len, struct result *results, unsigned n) MUST_CHECK;

#endif
