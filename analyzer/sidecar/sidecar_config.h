#ifndef WEIR_ANALYZER_SIDECAR_CONFIG_H
#define WEIR_ANALYZER_SIDECAR_CONFIG_H
/*
 * What the command line, the environment and --config say. Read once, then immutable.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/conf/conf.h"

#define SIDECAR_BODY_TEXT_MAX 1024

enum sidecar_accepts { SIDECAR_BATCH, SIDECAR_PACKET, SIDECAR_REQUEST, SIDECAR_ACCEPTS };
extern const char *const sidecar_accepts_names[SIDECAR_ACCEPTS + 1]; /* NULL-terminated */

enum sidecar_encoding { SIDECAR_IDENTITY, SIDECAR_GZIP, SIDECAR_ENCODINGS };
extern const char *const sidecar_encoding_names[SIDECAR_ENCODINGS + 1];

struct sidecar_config {
	char *id, *url;
	double weight;
	int accepts; /* enum sidecar_accepts */
	struct conf_list registries;
	char *ca, *cert, *key;                 /* towards nodes at https:// URLs; NULL: none */
	char *register_token, *delivery_token; /* NULL: none */
	struct conf_list headers;              /* "Name: value" */
	int encoding;                          /* enum sidecar_encoding */
	uint64_t ttl_ms, slow_start_ms;
	int64_t max_batch_packets;
	uint64_t max_batch_bytes;
	bool replace;
	char *health; /* URL, NULL: none */
	char *health_status, *health_body;
	unsigned status_least, status_most; /* no options: health_status, read */
	uint64_t health_interval_ms, health_timeout_ms;
	int64_t health_fall;
	char *processed_metric;               /* URL#NAME, NULL: none */
	char *processed_url, *processed_name; /* no options: its parts, owned */
	uint64_t drain_delay_ms;
	int log_level, log_format;
};

/* As conf_load; *commandp is what stands behind "--", NULL: nothing. After 0: sidecar_config_free. */
int sidecar_config_load(struct sidecar_config *config, int argc, char **argv,
			char ***commandp) MUST_CHECK;
void sidecar_config_free(struct sidecar_config *config);

#endif
