#include "registry/redis/finder.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "common/cond.h"
#include "common/log.h"
#include "registry/redis/cluster_seek.h"
#include "registry/redis/dial.h"
#include "registry/redis/sentinel.h"

bool finder_is_needed(const struct redis_url *url)
{
	return !url->is_fixed || atomic_load(&url->is_cluster);
}

/* Somebody else says where Redis is, and may say otherwise a moment later. */
static bool is_told(const struct redis_url *url)
{
	return url->master[0] || atomic_load(&url->is_cluster);
}

/* False: it never was found. */
static bool recall(struct redis_url *url, struct redis_place *placep)
{
	pthread_mutex_lock(&url->lock);
	*placep = url->place;
	pthread_mutex_unlock(&url->lock);
	return url->is_fixed || placep->address[0];
}

static int unknown(const struct redis_place *place, char why[REDIS_WHY_STRLEN])
{
	snprintf(why, REDIS_WHY_STRLEN, "the host name \"%s\" of Redis cannot be resolved",
		 place->host.name);
	return FINDER_E_UNKNOWN;
}

int finder_find(struct redis_url *url, struct redis_place *placep, char why[REDIS_WHY_STRLEN])
{
	struct redis_place place = { .host = url->hosts[0], .sentinel = -1 };

	if (!finder_is_needed(url)) {
		recall(url, placep);
		return 0;
	}
	if (atomic_load(&url->is_cluster) && cluster_seek(url, &place, why) != 0)
		return FINDER_E_UNKNOWN;
	if (url->master[0] && sentinel_ask_all(url, &place, why) != 0)
		return FINDER_E_UNKNOWN;
	if (!dial_resolve(&place))
		return !is_told(url) && recall(url, placep) ? 0 : unknown(&place, why);
	redis_place_publish(url, &place);
	*placep = place;
	return 0;
}

bool finder_has_moved(struct redis_url *url, const struct redis_place *place)
{
	struct redis_place now;

	return is_told(url) && recall(url, &now) && now.number != place->number;
}

/* What the log has said. */
struct told {
	unsigned number;
	char why[REDIS_WHY_STRLEN];
};

static void tell(const struct redis_url *url, const struct finder_watch *found, struct told *told)
{
	const struct redis_place *place = &found->place;

	if (found->result != 0) {
		if (strcmp(told->why, found->why) != 0)
			log_warn("redis", "not found", "reason=%s", found->why);
		memcpy(told->why, found->why, sizeof(told->why));
		return;
	}
	told->why[0] = '\0';
	if (place->sentinel >= 0 && place->number != told->number)
		log_info("redis", "primary found", "addr=%s:%d master=%s sentinel=%s:%d",
			 place->host.name, place->host.port, url->master,
			 url->hosts[place->sentinel].name, url->hosts[place->sentinel].port);
	else if (atomic_load(&url->is_cluster) && place->number != told->number)
		log_info("redis", "the slot of the pool was found", "addr=%s:%d slot=%d",
			 place->host.name, place->host.port, url->slot);
	told->number = place->number;
}

/* With the lock held: whoever asked gets the answer, and the others hear when Redis has moved. */
static void answer_all(struct redis_url *url, const struct finder_watch *found, bool has_moved)
{
	for (struct finder_watch *watch = url->watches; watch; watch = watch->next) {
		if (watch->is_asking) {
			watch->is_asking = false;
			watch->result = found->result;
			watch->place = found->place;
			memcpy(watch->why, found->why, sizeof(watch->why));
		} else if (!has_moved) {
			continue;
		}
		if (eventfd_write(watch->fd, 1) != 0)
			log_error("redis", "nobody hears where Redis is");
	}
}

static bool is_asked(const struct redis_url *url)
{
	for (const struct finder_watch *watch = url->watches; watch; watch = watch->next)
		if (watch->is_asking)
			return true;
	return false;
}

/* With the lock held: waits until somebody asks, or it is time to look. False: no more. */
static bool wait_turn(struct redis_url *url)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FINDER_POLL_MS / 1000;
	while (!url->must_stop && !is_asked(url) && r == 0)
		r = is_told(url) && url->watches
			    ? pthread_cond_timedwait(&url->wake, &url->lock, &until)
			    : pthread_cond_wait(&url->wake, &url->lock);
	return !url->must_stop;
}

static void *run(void *arg)
{
	struct redis_url *url = arg;
	struct finder_watch found = { 0 };
	struct told told = { 0 };
	unsigned number = 0;

	pthread_mutex_lock(&url->lock);
	while (wait_turn(url)) {
		pthread_mutex_unlock(&url->lock);
		found.result = finder_find(url, &found.place, found.why);
		tell(url, &found, &told);
		pthread_mutex_lock(&url->lock);
		answer_all(url, &found, url->place.number != number);
		number = url->place.number;
	}
	pthread_mutex_unlock(&url->lock);
	return NULL;
}

/* With the lock held. */
static int start(struct redis_url *url)
{
	int r;

	cond_init(&url->wake);
	r = -pthread_create(&url->thread, NULL, run, url);
	url->has_thread = r == 0;
	return r;
}

int finder_join(struct redis_url *url, struct finder_watch *watch)
{
	int r = 0;

	pthread_mutex_lock(&url->lock);
	if (!url->has_thread)
		r = start(url);
	if (r == 0) {
		watch->is_asking = false;
		watch->next = url->watches;
		url->watches = watch;
	}
	pthread_mutex_unlock(&url->lock);
	return r;
}

void finder_leave(struct redis_url *url, struct finder_watch *watch)
{
	struct finder_watch **at = &url->watches;

	pthread_mutex_lock(&url->lock);
	while (*at && *at != watch)
		at = &(*at)->next;
	if (*at)
		*at = watch->next;
	pthread_mutex_unlock(&url->lock);
}

void finder_ask(struct redis_url *url, struct finder_watch *watch)
{
	pthread_mutex_lock(&url->lock);
	watch->is_asking = true;
	pthread_cond_signal(&url->wake);
	pthread_mutex_unlock(&url->lock);
}

bool finder_is_answered(struct redis_url *url, const struct finder_watch *watch)
{
	bool is_answered;

	pthread_mutex_lock(&url->lock);
	is_answered = !watch->is_asking;
	pthread_mutex_unlock(&url->lock);
	return is_answered;
}

void finder_stop(struct redis_url *url)
{
	if (!url->has_thread)
		return;
	pthread_mutex_lock(&url->lock);
	url->must_stop = true;
	pthread_cond_signal(&url->wake);
	pthread_mutex_unlock(&url->lock);
	pthread_join(url->thread, NULL);
	pthread_cond_destroy(&url->wake);
	url->has_thread = url->must_stop = false;
}
