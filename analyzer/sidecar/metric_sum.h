#ifndef WEIR_ANALYZER_SIDECAR_METRIC_SUM_H
#define WEIR_ANALYZER_SIDECAR_METRIC_SUM_H
/*
 * The value of one metric in the text that Prometheus reads, summed over its labels. Pure: bytes come in pieces.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRIC_LINE_MAX 1024 /* of a longer line nothing is taken */

struct metric_sum {
	const char *name; /* borrowed */
	double sum;
	bool is_found;
	size_t len; /* of the line so far; more than METRIC_LINE_MAX: it is too long */
	char line[METRIC_LINE_MAX + 1];
};

void metric_sum_init(struct metric_sum *m, const char *name);
void metric_sum_feed(struct metric_sum *m, const char *data, size_t len);
/* Once all has been fed. False: there is no such metric. */
bool metric_sum_end(struct metric_sum *m, uint64_t *valuep);

#endif
