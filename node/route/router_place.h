#ifndef WEIR_NODE_ROUTER_PLACE_H
#define WEIR_NODE_ROUTER_PLACE_H
/*
 * The state of a router, and what it does with one packet: place it, place it again, give it back.
 * Only router.c, router_calls.c and router_place.c look into the struct; router.h tells the whole.
 */
#include <event2/event.h>

#include "node/deliver/dispatch.h"
#include "node/route/ledger.h"
#include "node/route/settler.h"
#include "node/route/window.h"
#include "registry/identity.h"
#include "registry/keys.h"

enum router_mode {
	ROUTER_EXACT,  /* Redis chooses for each packet */
	ROUTER_LEASED, /* packets are routed here on credit; Redis may choose for big ones */
	ROUTER_AWAY, /* Redis is not connected, or owes an answer for too long; all is routed here */
	ROUTER_MODES
};
extern const char *const router_mode_names[ROUTER_MODES];

enum router_phase {
	ROUTER_STAYING,
	ROUTER_LEAVING, /* every settle is the last one */
	ROUTER_LEFT     /* Redis knows that this worker has left */
};

/* How much the last window gave to do, and so when the next tick comes. */
enum router_pace {
	ROUTER_BUSY,  /* packets came */
	ROUTER_QUIET, /* none came, but Redis has not been told all */
	ROUTER_IDLE   /* nothing to do until the next heartbeat */
};

/* What Redis still has to be told, in bits. */
enum router_untold {
	UNTOLD_CHANGES = 1, /* the next call is a settle */
	UNTOLD_ROSTER = 2,  /* the next settle writes the readable hashes: the shares are new */
	UNTOLD_MOVES = 4,   /* packets moved since the readable hashes were written */
	UNTOLD_INFO = 8     /* the next settle brings node_info */
};

struct router_config {
	struct event_base *base; /* borrowed, as all of these */
	struct redis_url *url;
	const struct registry_keys *keys;
	struct metrics_shard *metrics;
	const char *node_id;
	const char *worker;              /* node/index */
	const char *token;               /* of this run; NULL: the settler makes one */
	const struct identity *identity; /* of the process; NULL: the registry is not told */
	struct lane_config lane;
	double catchup_max_messages;
	unsigned exact_messages;   /* a packet of more, and of far more than the others, is big */
	uint64_t redis_timeout_us; /* no packet waits longer for Redis */
	void (*on_delivered)(void *arg, struct packet *p, const char *analyzer);
	void (*on_part_delivered)(void *arg, uint32_t n_messages);
	void (*on_unplaced)(void *arg, struct packet *p); /* nobody can take it now */
	/* A delivery of it brought no answer. Returns whether it shall wait for no other. */
	bool (*is_overdue)(void *arg, const struct packet *p);
	void (*on_bad)(void *arg, struct packet *p, const char *analyzer, int status);
	void (*write_accounts)(void *arg, struct buf *out); /* JSON, as lua/settle.lua wants it */
	void (*on_behind)(
		void *arg); /* the registry is at another epoch than the roster: get a new one */
	void *arg;
};

/* Packets in the route call under way. */
struct flight {
	unsigned n;
	uint32_t sizes[ROUTE_MAX_PACKETS];
	struct packet *packets[ROUTE_MAX_PACKETS]; /* NULL: waits no longer, it was routed here */
	bool is_given_up[ROUTE_MAX_PACKETS];       /* NULL, but nobody could take it */
};

struct router {
	struct router_config config;
	struct ledger ledger;
	struct dispatch dispatch;
	struct settler settler;
	struct roster *roster; /* a reference; NULL: none yet */
	unsigned n_eligible;
	enum router_mode mode; /* router_calls.c changes it, in one place */
	enum router_phase phase;
	enum router_pace pace;
	unsigned untold;        /* enum router_untold */
	double leased_messages; /* for which this worker holds credit; 0: it holds none */
	struct packet_queue pending;
	struct flight flight;
	struct event *tick;     /* end of a window */
	struct event *deadline; /* of the oldest packet that waits for Redis */
	struct event *pause;    /* until the next route call may begin */
	struct window window;
	struct budget budget;
	uint64_t settled_us;
	uint64_t called_us; /* when the last settle was sent */
	struct buf node_info;
	struct buf node_info_sent; /* in the call under way, which may be sent again */
	struct buf accounts_sent;  /* the same for the accounts */
	uint64_t accounts_us;      /* when they were last sent */
};

/* Nothing else writes the phase; it never goes back. */
void router_set_phase(struct router *r, enum router_phase phase);

/* Takes the packet: to the lane of `slot`, or to nobody (-1). */
void router_place(struct router *r, int slot, struct packet *p);
/* Takes the packet, whose analyzer is chosen on the own credit. */
void router_route_here(struct router *r, struct packet *p);
/* Takes a packet that has its accrual already, from Redis or from here, and was refunded. False:
 * nobody can take it. */
bool router_route_again(struct router *r, struct packet *p);

/* Callbacks of the lanes; arg is the router. */
void router_on_taken_back(void *arg, unsigned slot, struct packet *p, enum reroute_reason reason,
			  bool tried);
void router_on_delivered(void *arg, unsigned slot, const char *analyzer, struct packet *p);
void router_on_part_delivered(void *arg, unsigned slot, uint32_t n_messages);
void router_on_bad(void *arg, unsigned slot, const char *analyzer, struct packet *p, int status);

#endif
