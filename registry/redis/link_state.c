#include "registry/redis/link_state.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"

static const char *const state_names[] = { "down", "finding", "connecting",
					   "up",   "broken",  "closing" };
static_assert(ARRAY_LEN(state_names) == LINK_CLOSING + 1, "every state has a name");

void link_set_state(struct link *link, enum link_state state)
{
	enum link_state before = link->state;

	assert(before != LINK_CLOSING && (state != LINK_UP || before == LINK_CONNECTING));
	link->state = state;
	log_debug("redis", "link state", "link=%s from=%s to=%s", link->config.name,
		  state_names[before], state_names[state]);
	if ((before == LINK_UP || state == LINK_UP) && link->config.on_up && before != state)
		link->config.on_up(link->config.arg, state == LINK_UP);
}

void link_set_error(struct link *link, const char *error)
{
	snprintf(link->error, sizeof(link->error), "%s", error);
}

void link_arm(struct link *link, uint64_t delay_us)
{
	struct timeval tv = clock_timeval(delay_us);

	evtimer_add(link->timer, &tv);
}

void link_lose(struct link *link, const char *why)
{
	link->context = NULL;
	link->n_greetings = link->n_pending = 0;
	if (link->state == LINK_CLOSING)
		return;
	if (!link->told_down)
		log_warn("redis", "not connected", "link=%s reason=%s", link->config.name, why);
	link->told_down = true;
	link_set_error(link, why);
	link_set_state(link, LINK_DOWN);
	link_arm(link, backoff_next_ms(&link->backoff) * US_PER_MS);
}

void link_drop(struct link *link, const char *why)
{
	redisAsyncContext *context = link->context;

	link_lose(link, why);
	context->data = NULL; /* its callbacks are not about this link's state any more */
	redisAsyncFree(context);
}

void link_come_up(struct link *link)
{
	if (!link->is_turned_away || link->config.subscribe)
		backoff_reset(&link->backoff);
	link->stats.n_connects++;
	if (link->place.address[0])
		log_info("redis", "connected", "link=%s addr=%s:%d", link->config.name,
			 link->place.address, link->place.host.port);
	else
		log_info("redis", "connected", "link=%s addr=%s", link->config.name,
			 link->config.url->path);
	link->told_down = false;
	link_set_error(link, "");
	link_set_state(link, LINK_UP);
}

void link_break_off(struct link *link, const char *why)
{
	snprintf(link->why, sizeof(link->why), "%s", why);
	link_set_state(link, LINK_BROKEN);
	link_arm(link, 0);
}
