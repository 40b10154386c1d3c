#ifndef WEIR_REGISTRY_LINK_STATE_H
#define WEIR_REGISTRY_LINK_STATE_H
/* A link, its states, and how it gets from one to the other: what link.c and link_greet.c stand on. */
#include <hiredis/async.h>

#include "common/backoff.h"
#include "registry/redis/finder.h"
#include "registry/redis/link_config.h"
#include "registry/redis/redis_state.h"

#define LINK_RECONNECT_BASE_MS 20
#define LINK_RECONNECT_CAP_MS 1000

enum link_state {
	LINK_DOWN,       /* waiting to connect; no context */
	LINK_FINDING,    /* waiting for the finder's word; no context */
	LINK_CONNECTING, /* connecting, or the greeting is under way */
	LINK_UP,         /* every call goes out */
	LINK_BROKEN, /* an answer said so; the context is dropped on the next turn of the loop */
	LINK_CLOSING /* being freed */
};

/* What is still under way on a connection, in both directions: bytes move when it changes. */
struct link_traffic {
	size_t unsent, unread, parsed; /* in hiredis' buffers */
	int unacked, unreceived;       /* in the socket's */
};

struct link {
	struct link_config config;
	enum link_state state;
	redisAsyncContext *context;   /* NULL while DOWN and FINDING */
	struct redis_place place;     /* that it is connected to */
	struct redis_place ask_place; /* has_ask: a cluster said that it can be asked there */
	bool has_ask;                 /* the next connection goes to ask_place */
	bool is_asking;               /* connected there: ASKING comes before each call */
	bool is_turned_away;       /* it greeted and refused a call, and has answered none since */
	struct finder_watch watch; /* its fd: -1 where nothing has to be found */
	struct event *watch_event; /* of that fd */
	struct event *timer;       /* DOWN: when to connect; else: the stall of the oldest call */
	struct backoff backoff;
	unsigned n_greetings; /* answers still to come before UP */
	unsigned n_pending;   /* calls without an answer */
	/* when bytes last moved, as far as looked at, or the first of the pending calls went out */
	uint64_t progress_us;
	struct link_traffic traffic; /* as of the last look */
	struct buf out;
	struct link_stats stats;
	bool told_down;               /* the log has said that it is down */
	char why[128];                /* BROKEN: why */
	char error[REDIS_ERROR_SIZE]; /* of the last failure since it came up; "": none */
	const char *refusal; /* that the call in whose callback we are was answered; "": none */
};

/* The one writer of the state; tells the log and the link's user. */
void link_set_state(struct link *link, enum link_state state);
/* What link_error says from now on. */
void link_set_error(struct link *link, const char *error);
/* The timer runs next after this time. */
void link_arm(struct link *link, uint64_t delay_us);
/* The context is gone, or about to be: forgets it, and connects again later. */
void link_lose(struct link *link, const char *why);
/* Ends the connection now; not from inside a callback of hiredis. */
void link_drop(struct link *link, const char *why);
/* The greeting is answered. */
void link_come_up(struct link *link);
/* From inside a callback of hiredis, where the context must not be freed. */
void link_break_off(struct link *link, const char *why);

#endif
