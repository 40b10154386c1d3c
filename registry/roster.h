#ifndef WEIR_REGISTRY_ROSTER_H
#define WEIR_REGISTRY_ROSTER_H
/*
 * One epoch of the pool as everybody may read it: immutable, reference counted, handed from thread
 * to thread without a lock. Made from the JSON that lua/roster.lua answers.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "registry/accounts.h"

#define ROSTER_MAX_SLOTS 1024
#define ANALYZER_ID_MAX 64 /* of a node too */
#define ANALYZER_URL_MAX 512
#define INSTANCE_MAX 64
#define FAULT_TEXT_MAX 63
#define VERSION_TEXT_MAX 64
#define DELIVERY_TOKEN_MIN 16
#define DELIVERY_TOKEN_MAX 128
#define SOURCE_TEXT_MAX 200
#define LEFT_OUT_SIZE 128
#define SPILL_SERVER_SIZE 384
#define WORKER_NAME_SIZE (ANALYZER_ID_MAX + sizeof("/4294967295")) /* node/index */
#define ROSTER_E_FORMAT 1 /* not what lua/roster.lua writes */

enum analyzer_state {
	ANALYZER_ACTIVE,
	ANALYZER_DRAINING,
	ANALYZER_DISABLED,
	ANALYZER_STATES
};                                                                           /* administrative */
enum analyzer_health { HEALTH_UP, HEALTH_SUSPECT, HEALTH_DOWN, HEALTHS };    /* operational */
enum analyzer_encoding { ENCODING_NONE, ENCODING_GZIP, ANALYZER_ENCODINGS }; /* of deliveries */
enum analyzer_accepts { ACCEPTS_BATCH, ACCEPTS_PACKET, ACCEPTS_REQUEST, ANALYZER_ACCEPTS };

/* NULL-terminated. */
extern const char *const analyzer_state_names[ANALYZER_STATES + 1];
extern const char *const analyzer_health_names[HEALTHS + 1];
extern const char *const analyzer_accepts_names[ANALYZER_ACCEPTS + 1];
extern const char *const analyzer_encoding_names[ANALYZER_ENCODINGS + 1];
/* Index of `name`, or -1. */
int roster_name_index(const char *const *names, const char *name);

struct analyzer {
	char id[ANALYZER_ID_MAX + 1];
	char url[ANALYZER_URL_MAX + 1];
	char instance[INSTANCE_MAX + 1];             /* token of the process that registered */
	char fault[FAULT_TEXT_MAX + 1];              /* that it is to simulate; "": none */
	char version[VERSION_TEXT_MAX + 1];          /* as it says; "": it does not */
	char delivery_token[DELIVERY_TOKEN_MAX + 2]; /* sent to it, shown nowhere; "": none */
	char *headers; /* sent to it, too: lines of header_lines.h, owned; NULL: none */
	char source[SOURCE_TEXT_MAX +
		    1];    /* the list that it comes from; "": it registered itself */
	uint64_t revision; /* the epoch in which its weight, state or fault last changed */
	char *info;        /* JSON as registered; for restoring */
	unsigned slot;
	double weight;   /* configured */
	double declared; /* by the analyzer itself */
	double share;    /* 0 = not eligible */
	enum analyzer_state state;
	enum analyzer_health health;
	enum analyzer_accepts accepts;
	enum analyzer_encoding encoding;
	unsigned max_batch_packets;
	size_t max_batch_bytes;
	int64_t ttl_ms;
	int64_t lease_ms;     /* left when the roster was made */
	int64_t held_back_ms; /* left then, as it restarts again and again; 0: it is not */
	double credit, routed, delivered, delivered_packets, forgiven, processed;
};

struct roster_worker {
	char name[WORKER_NAME_SIZE]; /* node/index */
	char mode[16];               /* exact, leased, away */
	char mark[9];                /* of its process, at random; "": it has told none */
	char *unreachable;           /* slots: "1,~4" */
};

struct roster {
	_Atomic unsigned n_refs;
	uint64_t epoch;
	uint64_t now_ms; /* Redis TIME when it was made */
	unsigned n_slots;
	unsigned n_analyzers;
	struct analyzer *analyzers; /* sorted by id */
	unsigned n_workers;
	struct roster_worker *workers;
	struct analyzer *by_slot[ROSTER_MAX_SLOTS]; /* NULL: nobody registered there */
	/* of analyzers that are gone, and of slots given to others */
	double gone_routed, gone_delivered, gone_delivered_packets, gone_processed;
	struct {
		double packets, messages, bytes;
		char server[SPILL_SERVER_SIZE]; /* of its own; "": it is in the registry's */
		int64_t age_ms;                 /* how long ago a node saw it there; -1: never */
	} spill;                                /* what is in it */
	double n_dead;
	unsigned n_left_out;          /* entries that no node can have written */
	char left_out[LEFT_OUT_SIZE]; /* the first of them, printable; "": none */
	struct accounts accounts;     /* 0 for who asked with the epoch that it knew */
};

/* 1 to ANALYZER_ID_MAX of A-Z a-z 0-9 . _ - */
bool roster_is_id(const char *id);
/* DELIVERY_TOKEN_MIN to DELIVERY_TOKEN_MAX of A-Z a-z 0-9 - . _ ~ + / = (RFC 6750) */
bool roster_is_token(const char *token);
/* The header lines that it gets with each delivery and health probe. A failure shows in `out`. */
void roster_write_headers(const struct analyzer *a, struct buf *out);
/* *rosterp is one reference. Entries that are wrong are left out, counted and logged. */
int roster_parse(const char *json, struct roster **rosterp) MUST_CHECK;
struct roster *roster_ref(struct roster *roster);
void roster_unref(struct roster *roster);
DEFINE_CLEANUP(struct roster, roster_unref)
/* Whether a worker of this node is live. */
bool roster_has_node(const struct roster *roster, const char *node);
const struct analyzer *roster_find(const struct roster *roster, const char *id);

#endif
