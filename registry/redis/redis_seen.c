#include "registry/redis/redis_seen.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"

void redis_seen_init(struct redis_seen *seen)
{
	*seen = (struct redis_seen){ .view.state = REDIS_UP };
	pthread_mutex_init(&seen->lock, NULL);
}

void redis_seen_deinit(struct redis_seen *seen)
{
	pthread_mutex_destroy(&seen->lock);
}

/* Under the lock. */
static void set_state(struct redis_seen *seen, enum redis_state state, const char *error,
		      uint64_t now_ms)
{
	struct redis_view *view = &seen->view;

	snprintf(view->error, sizeof(view->error), "%s", error);
	if (view->state == state)
		return;
	log_info("redis", "state", "from=%s to=%s error=%s", redis_state_names[view->state],
		 redis_state_names[state], *error ? error : "none");
	view->state = state;
	view->since_ms = now_ms;
}

void redis_seen_fail(struct redis_seen *seen, const char *error, uint64_t now_ms)
{
	pthread_mutex_lock(&seen->lock);
	seen->n_slow = seen->n_quick = 0;
	set_state(seen, redis_state_of_error(error), error, now_ms);
	pthread_mutex_unlock(&seen->lock);
}

/* It stays as slow, or as quick, as it was until some round trips in a row say otherwise. */
static bool is_slow(struct redis_seen *seen, uint64_t round_trip_us)
{
	bool slow = round_trip_us >= REDIS_SLOW_MS * US_PER_MS;

	seen->n_slow = slow ? seen->n_slow + 1 : 0;
	seen->n_quick = slow ? 0 : seen->n_quick + 1;
	return seen->view.state == REDIS_SLOW ? seen->n_quick < REDIS_SLOW_TIMES
					      : seen->n_slow >= REDIS_SLOW_TIMES;
}

void redis_seen_answer(struct redis_seen *seen, uint64_t round_trip_us, uint64_t now_ms)
{
	char text[REDIS_ERROR_SIZE];

	pthread_mutex_lock(&seen->lock);
	if (is_slow(seen, round_trip_us)) {
		snprintf(text, sizeof(text), "a round trip took %.0f ms",
			 (double)round_trip_us / US_PER_MS);
		set_state(seen, REDIS_SLOW, text, now_ms);
	} else if (now_ms < seen->lost_until_ms) {
		set_state(seen, seen->lost, "", now_ms);
	} else {
		set_state(seen, REDIS_UP, "", now_ms);
	}
	pthread_mutex_unlock(&seen->lock);
}

void redis_seen_lose(struct redis_seen *seen, bool is_empty, uint64_t now_ms)
{
	pthread_mutex_lock(&seen->lock);
	/* who lost all is found to have lost this and that, too */
	if (is_empty || seen->lost != REDIS_EMPTY || now_ms >= seen->lost_until_ms)
		seen->lost = is_empty ? REDIS_EMPTY : REDIS_OLDER;
	seen->lost_until_ms = now_ms + REDIS_BACK_MS;
	pthread_mutex_unlock(&seen->lock);
}

struct redis_view redis_seen_view(struct redis_seen *seen)
{
	struct redis_view view;

	pthread_mutex_lock(&seen->lock);
	view = seen->view;
	pthread_mutex_unlock(&seen->lock);
	return view;
}
