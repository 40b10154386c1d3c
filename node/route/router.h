#ifndef WEIR_NODE_ROUTER_H
#define WEIR_NODE_ROUTER_H
/*
 * Where a packet goes. One per worker; owns the ledger, the lanes and the numbered calls.
 *
 *                    leased, or Redis does not answer in time
 *   submit ------------------------------------------------------> ledger ----> lane
 *      |  exact, or a big packet                                                  ^
 *      +-----> pending --(all that came while the last call was out)--> route.lua-+
 *
 * Exact when slow: without credit, every packet is chosen on the pot in Redis. Leased when fast:
 * a worker with 4 packets per analyzer and window, or more than Redis affords to choose for, takes
 * credit, and tells Redis at the end of each window. A packet waits for Redis at most
 * redis_timeout; then it is routed here, and the unanswered call is made good when its answer comes
 * (ledger_resolve).
 */
#include <event2/event.h>

#include "node/deliver/dispatch.h"
#include "node/route/ledger.h"
#include "node/route/settler.h"
#include "node/route/window.h"

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

int router_init(struct router *r, const struct router_config *config) MUST_CHECK;
/* After sender_free. Packets that are left are handed to on_unplaced. */
void router_deinit(struct router *r);

/* Takes a reference of its own. */
void router_set_roster(struct router *r, struct roster *roster);
/* Takes the packet; it comes back through one of the callbacks. */
void router_submit(struct router *r, struct packet *p);
/* At the end of each turn of the loop. */
void router_turn(struct router *r);
/* Somebody could take a packet now. */
bool router_can_place(const struct router *r);
unsigned router_n_packets(const struct router *r);

/* Settles for the last time; router_has_left when Redis knows. */
void router_leave(struct router *r);
bool router_has_left(const struct router *r);

#endif
