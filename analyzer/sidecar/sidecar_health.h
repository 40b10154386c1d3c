#ifndef WEIR_ANALYZER_SIDECAR_HEALTH_H
#define WEIR_ANALYZER_SIDECAR_HEALTH_H
/*
 * Looks at the server's health, and at its count of messages, on a thread of its own.
 *
 * One good answer makes it well, `health-fall` bad ones in a row make it unwell. The count never falls: where
 * the server starts again from 0, what it had counted before stays.
 */
#include "analyzer/sidecar/sidecar_config.h"

struct sidecar_health;

/* Borrows the config until it is freed. Negative errno. */
int sidecar_health_start(const struct sidecar_config *config,
			 struct sidecar_health **healthp) MUST_CHECK;
/* Waits for a check under way. NULL is fine. */
void sidecar_health_free(struct sidecar_health *h);

bool sidecar_health_is_well(struct sidecar_health *h);
/* Messages, or PROCESSED_UNKNOWN. */
uint64_t sidecar_health_processed(struct sidecar_health *h);

#endif
