#ifndef WEIR_NODE_NODE_TLS_H
#define WEIR_NODE_NODE_TLS_H
/*
 * The certificates of a node: those of its TLS ports, and by what it
 * and analyzers with https:// URLs know each other.
 */
#include "common/conf/conf_option.h"
#include "common/tls/tls_watch.h"

enum node_tls_part { NODE_TLS_INGEST, NODE_TLS_ADMIN, NODE_TLS_DELIVER, NODE_TLS_PARTS };
extern const char *const node_tls_names[NODE_TLS_PARTS];
static_assert(NODE_TLS_PARTS <= TLS_WATCH_MOST, "all are watched");

#define NODE_TLS_NAMES_MOST 64 /* of clients, whose certificates stand for tokens */

/* As config.c has them. */
struct node_tls_options {
	char *listen, *admin_listen; /* NULL: there is no such port */
	char *syslog_listen, *gelf_listen, *forward_listen;
	struct conf_list cert, key, client_names, admin_cert, admin_key;
	char *key_password_file, *client_ca, *client_crl, *admin_client_ca;
	char *deliver_ca, *deliver_cert, *deliver_key; /* to analyzers */
	int min, client_verify, admin_client_verify;   /* enum tls_min, tls_verify */
};

struct node_tls {
	struct tls_context *contexts
		[NODE_TLS_PARTS]; /* NULL: there is no such port. Deliveries have one always */
	struct tls_watch *watch;
};

/* Reads all files and keeps nothing. Positive: *optionp is the option with the fault, `why` says what
 * it is. Strict: an expired certificate is a fault. */
int node_tls_check(const struct node_tls_options *options, bool is_strict, const char **optionp,
		   char why[TLS_WHY_SIZE]) MUST_CHECK;
/* Negative errno; what is wrong is in the log. The options must last. */
int node_tls_init(struct node_tls *t, const struct node_tls_options *options) MUST_CHECK;
/* Nobody uses the contexts any more. */
void node_tls_deinit(struct node_tls *t);
/* Unix time at which the first certificate of that part ends; 0: it has none. */
int64_t node_tls_expires(const struct node_tls *t, enum node_tls_part part);

#endif
