#ifndef WEIR_ANALYZER_REGISTRATION_H
#define WEIR_ANALYZER_REGISTRATION_H
/*
 * What an analyzer and the registry say to each other: URLs, bodies and answers. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/conf/conf_option.h"
#include "common/err.h"
#include "common/net/net.h"

#define REGISTRATION_E_ANSWER 1 /* the registry's answer is not what it should be */

#define INSTANCE_STRLEN 128
#define FAULT_STRLEN 64

/* What an analyzer says of itself. All is borrowed. */
struct member {
	const char *id, *url;
	const char *delivery_token; /* NULL: none */
	const char *accepts;
	const char *encoding;            /* of deliveries; NULL: identity */
	const struct conf_list *headers; /* "Name: value", checked; NULL: none */
	double weight;
	uint64_t ttl_ms, slow_start_ms; /* slow_start_ms 0: as the registry likes */
	int64_t max_batch_packets;
	uint64_t max_batch_bytes;
	bool replace;                       /* takes the id of another one that is alive */
	const struct conf_list *registries; /* base URLs of admin ports, at least one */
	const char *ca, *cert, *key;        /* towards nodes at https:// URLs; NULL: none */
	char *const *register_token;        /* it may be reloaded; NULL in it: none */
};

#define PROCESSED_UNKNOWN UINT64_MAX

/* What a registration gives. */
struct lease {
	char instance[INSTANCE_STRLEN]; /* the token that tells this process from another of its id
					 */
	uint64_t heartbeat_ms;
};

/* Appends {base}/v1/analyzers/{id}{suffix}. */
void registration_url(struct buf *out, const char *base, const char *id, const char *suffix);
/* Appends where nodes reach a server that is bound to this address. */
void registration_delivery_url(struct buf *out, const char *scheme, const struct net_addr *bound,
			       const char *path);

/*
 * Append a request's body. A failure shows in `out`. instance and started_ms (Unix time) are of
 * this process: with them a registration may be sent twice, and may be late.
 */
void registration_body(struct buf *out, const struct member *member, const char *instance,
		       uint64_t started_ms);
/* n_processed may be PROCESSED_UNKNOWN. */
void registration_heartbeat_body(struct buf *out, const char *instance, uint64_t n_processed);

/* Without "heartbeat_ms" in the answer: a third of the ttl. */
int registration_parse(struct lease *lease, const char *answer, uint64_t ttl_ms) MUST_CHECK;
/* The fault that the registry wants simulated, "" for none. A fault longer than FAULT_STRLEN is
 * cut. */
int registration_parse_heartbeat(char fault[FAULT_STRLEN], const char *answer) MUST_CHECK;

#define REFUSAL_STRLEN 512
/* The sentence in the answer of a registry that refuses; "": it has none. */
void registration_parse_refusal(char why[REFUSAL_STRLEN], const char *answer);

#endif
