#ifndef WEIR_ANALYZER_CONFIG_H
#define WEIR_ANALYZER_CONFIG_H
/*
 * What the command line, the environment and --config say. Read once, then immutable.
 */
#include <stdbool.h>
#include <stdint.h>

#include "analyzer/sink/target.h"
#include "common/conf/conf.h"
#include "common/net/net.h"
#include "common/tls/tls_load.h"

enum accepts { ACCEPTS_BATCH, ACCEPTS_PACKET, ACCEPTS_REQUEST, ACCEPTS };

extern const char *const accepts_names[]; /* NULL-terminated */

struct config {
	char *id;
	double weight;
	char *listen;
	struct net_addr listen_addr;              /* `listen`, parsed */
	char *listen_tls;                         /* NULL: there is no TLS port */
	struct net_addr listen_tls_addr;          /* `listen_tls`, parsed */
	char *grpc_listen;                        /* NULL: there is no port for gRPC alone */
	struct net_addr grpc_addr;                /* `grpc_listen`, parsed */
	char *tls_cert, *tls_key, *tls_client_ca; /* of TLS ports */
	char *ca, *cert, *key;                    /* towards nodes at https:// URLs; NULL: none */
	struct conf_list registries; /* base URLs of admin ports; none: it does not register */
	char *register_token;        /* NULL: none */
	char *control_token;         /* for enable and disable; NULL: this machine alone may */
	char *delivery_token;        /* NULL: none was given */
	bool open_deliveries;        /* none is asked for */
	char *advertise;             /* delivery URL to register, NULL: from the address bound */
	int accepts;                 /* enum accepts */
	int64_t max_batch_packets;
	uint64_t max_batch_bytes;
	uint64_t max_body_bytes;
	uint64_t ttl_ms;
	bool replace;              /* takes the id of another analyzer that is alive */
	uint64_t slow_start_ms;    /* 0: as the registry likes */
	int64_t dedupe_window;     /* packets; 0: no deduplication */
	char *record;              /* path, NULL: none */
	char *sink;                /* NULL: none */
	struct target sink_target; /* `sink`, parsed */
	uint64_t sink_timeout_ms;
	char *sink_ca;          /* path, NULL: the system's */
	char *sink_header_file; /* path, NULL: none */
	char *sink_outbox;      /* path, NULL: none */
	uint64_t sink_outbox_max_bytes;
	uint64_t sink_hold_ms;
	uint64_t sink_file_max_bytes;
	int64_t sink_file_count;
	int64_t sink_udp_rate; /* datagrams a second */
	int64_t delay_ms;
	double error_rate;
	char *crash_on; /* a delivery with this text ends the process; NULL: none does */
	int64_t n_threads;
	int log_level;
	int log_format;
};

/* 0, CONF_E_DONE or CONF_E_USAGE (one line is on stderr), or negative errno. After 0: config_free.
 */
int config_load(struct config *config, int argc, char **argv) MUST_CHECK;
/* What may change while it runs, from where it came; the log says what did. */
int config_reload(struct config *config, int argc, char **argv) MUST_CHECK;
void config_free(struct config *config);
/* It has a TLS port: listen-tls, or grpc-listen where there is a certificate. */
bool config_speaks_tls(const struct config *config);
/* Of TLS ports; borrows what the config has. */
struct tls_config config_tls(const struct config *config);

#endif
