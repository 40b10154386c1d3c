/*
 * A turn each heartbeat, and whenever a list is new:
 *
 *   lists --merged--> keep (one call) --> what it names is registered, one call for each
 *
 * The first turn waits until each source was read or has failed, for READY_US at most: a list that is not
 * whole would make other analyzers leave.
 */
#include "node/discover/discover.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json/json_read.h"
#include "common/log.h"
#include "common/rng.h"
#include "registry/membership.h"
#include "registry/scripts.h"

#define TTL_MS MEMBERSHIP_TTL_DEFAULT_MS
#define BEAT_US ((uint64_t)TTL_MS * US_PER_MS * 3 / 10)
#define AGAIN_US (500 * US_PER_MS)
#define AGAIN_MOST 3 /* quick turns in a row */
#define READY_US (5 * US_PER_S)
#define INSTANCE_BYTES 16
static_assert(2 * INSTANCE_BYTES <= INSTANCE_MAX, "a roster has room for it, in hex");

struct discover {
	struct discover_config config;
	struct discover_lists lists;
	int event_fd;
	struct event *news, *turn;
	struct rng rng;
	char instance[2 * INSTANCE_BYTES + 1];
	uint64_t start_us;
	unsigned n_again; /* quick turns since one found all in order */
	bool is_asking;   /* keep is under way */
	bool ask_again;
	bool has_dressed;      /* the last roster got headers */
	unsigned book_version; /* with which it did */
	char *told;            /* the last answer, of which the log has told; owned, NULL: none */
};

static void on_news(evutil_socket_t fd, short what, void *arg);
static void on_turn(evutil_socket_t fd, short what, void *arg);
static void ask(struct discover *d);
static void on_kept(void *arg, const redisReply *reply);
static void on_registered(void *arg, const redisReply *reply);

/* ---- life ---- */

static int init(struct discover *d)
{
	struct timeval at_once = { 0 };
	int r;

	rng_init(&d->rng, 0);
	d->start_us = clock_mono_us();
	d->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->event_fd < 0)
		return -errno;
	d->news = event_new(d->config.base, d->event_fd, EV_READ | EV_PERSIST, on_news, d);
	d->turn = event_new(d->config.base, -1, 0, on_turn, d);
	if (!d->news || !d->turn || event_add(d->news, NULL) != 0 ||
	    event_add(d->turn, &at_once) != 0)
		return -ENOMEM;
	r = rng_token(d->instance, INSTANCE_BYTES);
	return r != 0 ? r
		      : discover_lists_init(&d->lists, d->config.analyzers, d->config.sources,
					    d->config.interval_ms, d->event_fd);
}

int discover_new(const struct discover_config *config, struct discover **discoverp)
{
	struct discover *d;
	int r;

	*discoverp = NULL;
	if (!config->analyzers[0]->n_values && !config->analyzers[1]->n_values &&
	    !config->sources->n_values)
		return 0;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->config = *config;
	d->event_fd = -1;
	r = init(d);
	if (r != 0)
		discover_free(d);
	else
		*discoverp = d;
	return r;
}

void discover_free(struct discover *d)
{
	if (!d)
		return;
	discover_lists_deinit(&d->lists);
	if (d->news)
		event_free(d->news);
	if (d->turn)
		event_free(d->turn);
	if (d->event_fd >= 0)
		close(d->event_fd);
	free(d->told);
	free(d);
}

static void arm(struct discover *d, uint64_t us)
{
	struct timeval in = clock_timeval(us);

	if (event_add(d->turn, &in) != 0)
		log_error("discover", "out of memory");
}

/* ---- headers ---- */

/* Headers go to URLs of this node's own lists alone: no registration can ask for them. */
static bool dress_one(struct discover *d, struct analyzer *a)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	const char *source, *why;
	const struct target *t = discover_lists_find(&d->lists, a->id, &source);
	const char *text;
	char *headers;

	if (!t || strcmp(t->url, a->url) != 0)
		return false;
	if (t->headers)
		buf_append_str(&lines, t->headers);
	why = header_book_add(d->config.headers, a->id, &lines);
	if (why)
		log_warn("discover", "a listed analyzer lacks headers", "analyzer=%s reason=%s",
			 a->id, why);
	text = buf_str(&lines);
	headers = lines.len && !lines.failed ? strdup(text) : NULL;
	if (!headers)
		return false;
	free(a->headers);
	a->headers = headers;
	return true;
}

void discover_dress(struct discover *d, struct roster *roster)
{
	if (!d)
		return;
	d->has_dressed = false;
	d->book_version = header_book_version(d->config.headers);
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		d->has_dressed |= dress_one(d, &roster->analyzers[i]);
}

/* The roster was dressed without what is new. */
static void check_headers(struct discover *d)
{
	bool are_others =
		d->book_version != header_book_version(d->config.headers) ||
		(d->lists.has_news && (d->has_dressed || !header_book_is_empty(d->config.headers) ||
				       discover_lists_have_headers(&d->lists)));

	d->lists.has_news = false;
	if (are_others)
		d->config.on_headers(d->config.arg);
}

void discover_on_refresh(struct discover *d)
{
	if (d)
		check_headers(d);
}

/* ---- turns ---- */

static void turn(struct discover *d)
{
	bool is_ready = discover_lists_gather(&d->lists, d->config.allow);

	static_assert(3 * (BEAT_US + BEAT_US / 10) < TTL_MS * US_PER_MS, "a lease has 3 beats");
	check_headers(d);
	arm(d, rng_range(&d->rng, BEAT_US - BEAT_US / 10, BEAT_US + BEAT_US / 10));
	if (is_ready || clock_mono_us() - d->start_us > READY_US)
		ask(d);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn(arg);
}

static void on_news(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t value;

	(void)what;
	if (eventfd_read(fd, &value) == 0)
		turn(arg);
}

void discover_on_up(struct discover *d)
{
	if (d)
		turn(d);
}

static void ask(struct discover *d)
{
	struct script_args args = { 0 };
	AUTO_FREE char *request = NULL;

	d->ask_again = d->is_asking;
	if (d->is_asking || !link_is_up(d->config.link))
		return;
	request = discover_lists_request(&d->lists, d->config.allow, d->instance);
	if (!request)
		return;
	d->lists.is_changed = false;
	script_arg_str(&args, d->config.node_id);
	script_arg_str(&args, request);
	d->is_asking = link_call(d->config.link, SCRIPT_KEEP, &args, on_kept, d) == 0;
}

/* ---- what the registry asks for ---- */

static char *write_info(const struct target *t, const char *source)
{
	cJSON *info = cJSON_CreateObject();
	char *text;

	assert(t->accepts < ANALYZER_ACCEPTS && t->encoding < ANALYZER_ENCODINGS);
	cJSON_AddStringToObject(info, "accepts", analyzer_accepts_names[t->accepts]);
	if (t->encoding != ENCODING_NONE)
		cJSON_AddStringToObject(info, "encoding", analyzer_encoding_names[t->encoding]);
	cJSON_AddStringToObject(info, "source", source);
	cJSON_AddStringToObject(info, "spec", t->spec);
	text = cJSON_PrintUnformatted(info);
	cJSON_Delete(info);
	return text;
}

/* The next turn asks whether it is there. */
static void on_registered(void *arg, const redisReply *reply)
{
	struct discover *d = arg;

	if (!reply)
		discover_lists_mark(&d->lists, false);
	else if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
		 reply->element[0]->type == REDIS_REPLY_STRING &&
		 strcmp(reply->element[0]->str, "full") == 0)
		log_warn("discover", "the pool is full, so a listed analyzer is left out");
}

/* False: the link is down, or there is no memory. */
static bool register_one(struct discover *d, const char *id, const char *instance)
{
	const char *source;
	const struct target *t = discover_lists_find(&d->lists, id, &source);
	struct registration reg = { .id = id, .instance = instance, .ttl_ms = TTL_MS };
	char by[ANALYZER_ID_MAX + sizeof("node ")];
	struct script_args args;
	AUTO_FREE char *info = t ? write_info(t, source) : NULL;

	if (!info)
		return !t; /* the list has changed meanwhile */
	snprintf(by, sizeof(by), "node %s", d->config.node_id);
	reg.url = t->url;
	reg.weight = t->weight;
	reg.info = info;
	reg.by = by;
	membership_register_args(&reg, &args);
	log_info("discover", "registering a listed analyzer",
		 "analyzer=%s url=%s weight=%g source=%s", id, t->url, t->weight, source);
	return link_call(d->config.link, SCRIPT_REGISTER, &args, on_registered, d) == 0;
}

/* False: not all of them could be sent. */
static bool register_all(struct discover *d, const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, list) {
		const char *id = cJSON_GetStringValue(cJSON_GetArrayItem(item, 0));
		const char *instance = cJSON_GetStringValue(cJSON_GetArrayItem(item, 1));

		if (id && instance && !register_one(d, id, instance))
			return false;
	}
	return true;
}

static bool has_id(const cJSON *list, const char *id)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, list)
		if (cJSON_IsString(item) && strcmp(item->valuestring, id) == 0)
			return true;
	return false;
}

/* Those that are left alone; each of them is told once. */
static void tell(struct discover *d, const cJSON *answer)
{
	static const struct {
		const char *list, *why;
	} kinds[] = { { "removed", "an operator removed it" },
		      { "others", "it registered itself" } };
	char *now = cJSON_PrintUnformatted(answer);
	cJSON *before = json_read_text(d->told);
	const cJSON *item;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const cJSON *was = cJSON_GetObjectItemCaseSensitive(before, kinds[i].list);

		cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(answer, kinds[i].list))
			if (cJSON_IsString(item) && !has_id(was, item->valuestring))
				log_info("discover", "a listed analyzer is left alone",
					 "analyzer=%s reason=%s", item->valuestring, kinds[i].why);
	}
	cJSON_Delete(before);
	free(d->told);
	d->told = now;
}

/* Whether another look is due soon. */
static bool take_answer(struct discover *d, const cJSON *answer)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "register");
	bool is_sent = register_all(d, list), is_news = cJSON_GetArraySize(list) > 0;

	/* announced once: nodes with different lists do not take turns */
	if (is_sent && !d->lists.is_changed)
		discover_lists_mark(&d->lists, true);
	tell(d, answer);
	return is_news || !is_sent;
}

static void on_kept(void *arg, const redisReply *reply)
{
	struct discover *d = arg;
	cJSON *answer =
		reply && reply->type == REDIS_REPLY_STRING ? json_read_text(reply->str) : NULL;
	bool is_due = !answer || take_answer(d, answer);

	cJSON_Delete(answer);
	d->is_asking = false;
	d->n_again = is_due ? d->n_again + 1 : 0;
	if (d->ask_again)
		ask(d);
	else if (is_due && d->n_again <= AGAIN_MOST)
		arm(d, AGAIN_US);
}
