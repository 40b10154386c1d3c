#ifndef WEIR_ANALYZER_SINK_OPTIONS_H
#define WEIR_ANALYZER_SINK_OPTIONS_H
/*
 * What a sink is told, and how it fails.
 */
#include <stdint.h>

#include "analyzer/sink/target.h"

#define SINK_E_AWAY 1      /* no answer in time, or a refusal that may pass; the reason is logged */
#define SINK_E_REFUSED 2   /* it can never take one of the messages */
#define SINK_E_TOO_LARGE 3 /* the same, because of its size */
#define SINK_E_FULL 4      /* the outbox has no room */

struct sink_options {
	struct target target;
	const char *analyzer; /* the id */
	uint64_t timeout_ms;
	const char *ca;          /* file of certificates; NULL: those of the system */
	const char *header_file; /* NULL: none */
	const char *outbox;      /* path; NULL: none */
	uint64_t outbox_max_bytes;
	uint64_t hold_ms; /* how long a message stays in the outbox after it went out */
	uint64_t file_max_bytes;
	unsigned file_count; /* files that are kept, the one that is written included */
	unsigned udp_rate;   /* datagrams a second */
};

#endif
