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
#include "registry/keys.h"

enum router_mode { ROUTER_EXACT, ROUTER_LEASED, ROUTER_AWAY, ROUTER_MODES };
extern const char *const router_mode_names[ROUTER_MODES];

struct router_config {
	struct event_base *base; /* borrowed, as all of these */
	struct redis_url *url;
	const struct registry_keys *keys;
	struct metrics_shard *metrics;
	const char *node_id;
	const char *worker; /* node/index */
	struct lane_config lane;
	double catchup_max_messages;
	unsigned exact_messages;   /* a packet of more, and of far more than the others, is big */
	uint64_t redis_timeout_us; /* no packet waits longer for Redis */
	void (*on_delivered)(void *arg, struct packet *p, const char *analyzer);
	void (*on_unplaced)(void *arg, struct packet *p); /* nobody can take it now */
	/* A delivery of it was waited for in vain: whether it shall wait for no other. */
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
	bool is_leased;        /* holds credit for a window */
	bool is_overdue;       /* the call under way took too long */
	enum router_mode mode; /* as shown */
	struct packet_queue pending;
	struct flight flight;
	struct event *tick;     /* end of a window */
	struct event *deadline; /* of the oldest packet that waits for Redis */
	struct event *pause;    /* until the next route call may begin */
	bool tick_is_slow;      /* nothing to do until the next heartbeat */
	bool show_is_due;       /* the next settle writes the readable hashes */
	bool settle_is_due, is_leaving, has_left;
	struct window window;
	struct budget budget;
	uint64_t settled_us;
	bool is_quiet; /* no packet came in the last window */
	bool is_shown; /* the readable hashes have what was last settled */
	struct buf not_now, unreachable, node_info;
	struct buf node_info_sent; /* in the call under way, which may be sent again */
	bool node_info_is_new;
	struct buf accounts_sent; /* the same of the accounts */
	uint64_t accounts_us;     /* when they were last sent */
};

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
void router_on_bad(void *arg, unsigned slot, const char *analyzer, struct packet *p, int status);
void router_on_reach(void *arg);

#endif
