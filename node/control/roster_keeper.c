#include "node/control/roster_keeper.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/membership.h"
#include "registry/scripts.h"

#define FORGET_MOST_MS 60000 /* between two looks for analyzers that are silent for long */
#define JOURNAL_EACH 10      /* calls of mend: only one of them looks when the journal began */

struct roster_keeper {
	struct roster_keeper_config config;
	bool is_asking;        /* a roster call is under way */
	bool is_stale;         /* the roster must be read again, whatever its epoch */
	bool ask_again;        /* something changed since it was sent */
	pthread_mutex_t lock;  /* of `roster`; taken by admin requests, never for a packet */
	struct roster *roster; /* a reference; NULL: none yet */
	uint64_t roster_us;    /* when it was read */
	uint64_t forget_us;    /* when to look next for those silent for long */
	double looked_ms;      /* Redis TIME when its journal was last seen; 0: never */
	bool is_restoring;     /* Redis is behind, and what it has lost is not back yet */
	bool has_lost;         /* it has lost data, and the next look tells whether it lost all */
	unsigned n_mended;     /* calls of mend since Redis was there again */
};

struct roster *roster_keeper_roster(struct roster_keeper *k)
{
	struct roster *roster;

	pthread_mutex_lock(&k->lock);
	roster = roster_ref(k->roster);
	pthread_mutex_unlock(&k->lock);
	return roster;
}

const struct roster *roster_keeper_peek(const struct roster_keeper *k)
{
	return k->roster;
}

/* Takes the reference. */
static void adopt(struct roster_keeper *k, struct roster *roster)
{
	struct roster *old = k->roster;
	bool is_news = !old || old->epoch != roster->epoch || k->is_stale;

	k->is_stale = k->is_restoring = false;
	k->config.dress(k->config.arg, roster);
	pthread_mutex_lock(&k->lock);
	k->roster = roster;
	k->roster_us = clock_mono_us();
	pthread_mutex_unlock(&k->lock);
	roster_unref(old);
	if (is_news)
		k->config.on_news(k->config.arg, roster);
}

/* ---- what Redis has lost ---- */

/* The roster that is asked for next shows what has come of it. Where Redis refuses writes, that is the next poll's. */
static void on_restored(void *arg, const redisReply *reply)
{
	if (reply)
		roster_keeper_ask(arg);
}

/* Whether the list "a1 a2" has the id; "*" has all. */
static bool names(const char *list, const char *id)
{
	size_t len = strlen(id);

	assert(len > 0); /* else the search would not end */
	if (strcmp(list, "*") == 0)
		return true;
	for (const char *at = list; (at = strstr(at, id)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/*
 * Those of the list who were alive register again: how many. Of some this node may have read no more than
 * that something was lost: they register by themselves.
 */
static unsigned bring_back(struct roster_keeper *k, const char *list)
{
	const struct roster *known = k->roster;
	unsigned n_alive = 0;

	for (unsigned i = 0; i < known->n_analyzers; i++) {
		struct script_args args;

		if (known->analyzers[i].lease_ms <= 0 || !known->analyzers[i].instance[0] ||
		    !names(list, known->analyzers[i].id))
			continue;
		n_alive++;
		membership_restore_args(&known->analyzers[i], known->epoch + 1, &args);
		if (link_call(k->config.link, SCRIPT_REGISTER, &args, on_restored, k) != 0)
			break; /* the link is gone: all of it again when it is back */
	}
	return n_alive;
}

static void count_loss(struct roster_keeper *k)
{
	atomic_fetch_add_explicit(&k->config.shared->n_registry_losses, 1, memory_order_relaxed);
}

/*
 * Redis is behind what this node has seen: it came back empty, or an older replica took over.
 * False: there is nothing to bring back.
 */
static bool restore(struct roster_keeper *k, const struct roster *found)
{
	const struct roster *known = k->roster;

	assert(known && found->epoch < known->epoch);
	if (!k->is_restoring)
		count_loss(k);
	k->is_restoring = k->has_lost = true;
	log_warn("control", "the registry has lost data, registering again what is known",
		 "epoch=%llu known_epoch=%llu analyzers=%u", (unsigned long long)found->epoch,
		 (unsigned long long)known->epoch, known->n_analyzers);
	return bring_back(k, "*") > 0;
}

/* ---- analyzers that are silent for long ---- */

static void on_forgotten(void *arg, const redisReply *reply)
{
	(void)arg;
	(void)reply; /* another node may have been first */
}

/*
 * Removes those whose leases ended long ago. The roster is of the last change, and heartbeats change
 * nothing: the script looks whether they are silent, and it is asked rarely.
 */
static void forget(struct roster_keeper *k)
{
	int64_t after_ms = (int64_t)k->config.shared->config->forget_after_ms;
	uint64_t now_us = clock_mono_us();
	int64_t age_ms = (int64_t)((now_us - k->roster_us) / US_PER_MS);

	if (now_us < k->forget_us)
		return;
	k->forget_us = now_us + (after_ms < FORGET_MOST_MS ? (uint64_t)after_ms : FORGET_MOST_MS) *
					US_PER_MS;
	for (unsigned i = 0; k->roster && i < k->roster->n_analyzers; i++) {
		const struct analyzer *a = &k->roster->analyzers[i];
		struct script_args args;

		if (a->lease_ms - age_ms > -after_ms)
			continue;
		membership_forget_args(a->id, after_ms, &args);
		if (link_call(k->config.link, SCRIPT_DEREGISTER, &args, on_forgotten, k) != 0)
			return;
	}
}

/* ---- the newest roster ---- */

static void on_roster(void *arg, const redisReply *reply)
{
	struct roster_keeper *k = arg;
	struct roster *roster = NULL;

	k->is_asking = false;
	if (!reply)
		k->config.on_failure(k->config.arg);
	if (!reply || reply->type != REDIS_REPLY_STRING)
		return;
	if (reply->len == 0) { /* nothing new */
		forget(k);
		if (k->ask_again)
			roster_keeper_ask(k);
		return;
	}
	if (roster_parse(reply->str, &roster) != 0) {
		log_error("control", "the roster cannot be read");
		return;
	}
	if (k->roster && roster->epoch < k->roster->epoch && restore(k, roster)) {
		roster_unref(roster);
		return;
	}
	adopt(k, roster);
	forget(k);
	if (k->ask_again)
		roster_keeper_ask(k);
}

void roster_keeper_ask(struct roster_keeper *k)
{
	struct script_args args = { 0 };

	k->ask_again = k->is_asking;
	if (k->roster) /* no epoch is -1 */
		script_arg_int(&args, k->is_stale ? -1 : (int64_t)k->roster->epoch);
	if (!k->is_asking)
		k->is_asking = link_call(k->config.link, SCRIPT_ROSTER, &args, on_roster, k) == 0;
}

void roster_keeper_renew(struct roster_keeper *k)
{
	k->is_stale = true;
	roster_keeper_ask(k);
}

/* ---- each second ---- */

/*
 * Whether nothing is left of what was there at the last look: all of the journal is younger. The
 * epoch cannot tell that, because analyzers may have registered again before this node looked.
 */
static bool is_empty(struct roster_keeper *k, const char *began, const char *now)
{
	bool is_younger = k->looked_ms > 0 && strtod(began, NULL) > k->looked_ms;

	if (*began == '-')
		return false; /* it was not looked at */
	if (!*began)
		return k->has_lost;
	k->looked_ms = strtod(now, NULL);
	return is_younger;
}

/* Four texts; see the script. */
static bool is_mended(const redisReply *reply)
{
	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 4)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

static void note_keys_lost(struct roster_keeper *k, const char *keys, unsigned n_back)
{
	count_loss(k);
	k->has_lost = true;
	log_warn("control", "the registry has lost data", "keys=%s analyzers=%u runbook=%s",
		 *keys ? keys : "none", n_back, LOG_RUNBOOK "the-registry-has-lost-data");
	roster_keeper_ask(k);
}

static void on_mended(void *arg, const redisReply *reply)
{
	struct roster_keeper *k = arg;
	const char *lost, *forgotten;
	unsigned n = 0;
	bool is_all;

	if (!reply)
		k->config.on_failure(k->config.arg);
	if (!is_mended(reply))
		return;
	lost = reply->element[0]->str;
	forgotten = reply->element[1]->str;
	is_all = is_empty(k, reply->element[2]->str, reply->element[3]->str);
	if (*forgotten && k->roster)
		n = bring_back(k, forgotten);
	if (*lost || n > 0 || (is_all && !k->has_lost))
		note_keys_lost(k, lost, n);
	if (k->has_lost)
		redis_seen_lose(&k->config.shared->redis_seen, is_all, clock_wall_us() / US_PER_MS);
	k->has_lost = false;
}

/* Data get lost while Redis is away. All else that is lost is named, and then the script looks by itself. */
static bool wants_journal(struct roster_keeper *k)
{
	unsigned n = k->n_mended++;

	return k->has_lost || n < JOURNAL_EACH || n % JOURNAL_EACH == 0;
}

void roster_keeper_mend(struct roster_keeper *k, struct spill_look *spill_look)
{
	struct script_args args = { 0 };

	script_arg_int(&args, (int64_t)k->roster->epoch);
	script_arg_int(&args, k->roster->n_analyzers);
	script_arg_str(&args, wants_journal(k) ? "1" : "0");
	spill_look_add_args(spill_look, &args);
	if (link_call(k->config.link, SCRIPT_MEND, &args, on_mended, k) != 0)
		log_debug("control", "the link is down, the registry was not looked at");
}

void roster_keeper_on_down(struct roster_keeper *k)
{
	k->is_asking = false;
	k->n_mended = 0;
}

/* ---- life ---- */

struct roster_keeper *roster_keeper_new(const struct roster_keeper_config *config)
{
	struct roster_keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->config = *config;
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void roster_keeper_free(struct roster_keeper *k)
{
	if (!k)
		return;
	roster_unref(k->roster);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
