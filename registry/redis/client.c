#include "registry/redis/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/clock.h"
#include "registry/redis/cluster_seek.h"
#include "registry/redis/dial.h"
#include "registry/redis/finder.h"
#include "registry/redis/redis_url.h"
#include "registry/redis/sentinel.h"

#define TURNED_AWAY_PAUSE_MS 20 /* before a call that a cluster has not run is sent again */

struct client {
	struct redis_url *url; /* borrowed */
	struct script_set scripts;
	unsigned timeout_ms;
	redisContext *context;    /* NULL: not connected */
	struct redis_place place; /* that it is connected to */
	struct buf out;           /* the command being sent */
	struct redis_place
		ask_place;       /* has_ask: where a cluster said that this one call can be asked */
	bool has_ask, is_asking; /* is_asking: connected there, ASKING comes before the call */
	bool is_turned_away;     /* by a cluster: the call did not run, and can be sent again */
	bool is_subscribed;      /* to the events: the connection is good for nothing else */
	char error[REDIS_WHY_STRLEN];
	bool is_answer; /* `error` is what Redis said */
};

/* Error replies that mean "not now" or "not here", and not "never". */
static const char *const away_errors[] = { "LOADING", "READONLY", "MASTERDOWN", "BUSY" };

struct client *client_new(struct redis_url *url, struct script_set scripts, unsigned timeout_ms)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->url = url;
	c->scripts = scripts;
	c->timeout_ms = timeout_ms;
	return c;
}

static void drop(struct client *c)
{
	if (c->context)
		redisFree(c->context);
	c->context = NULL;
	c->is_subscribed = c->is_asking = false;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	drop(c);
	buf_deinit(&c->out);
	free(c);
}

const char *client_error(const struct client *c)
{
	return c->error;
}

bool client_was_answered(const struct client *c)
{
	return c->error[0] && c->is_answer;
}

void client_explain(const struct client *c, int error, char *out, size_t size)
{
	if (error < 0)
		snprintf(out, size, "Redis was not asked: %s", strerror(-error));
	else
		snprintf(out, size,
			 c->is_answer ? "Redis answered: %s" : "Redis does not answer: %s",
			 c->error);
}

static int fail(struct client *c, int error, const char *why)
{
	snprintf(c->error, sizeof(c->error), "%s", why);
	c->is_answer = false;
	if (error == CLIENT_E_AWAY)
		drop(c);
	return error;
}

/* An error of a cluster: where to go next. */
static void turn_away(struct client *c, const char *error)
{
	struct redis_place ask;

	c->is_turned_away = true;
	if (cluster_take_moved(c->url, &c->place, error))
		return;
	c->has_ask = !c->is_asking && cluster_take_ask(c->url, &c->place, error, &ask);
	if (c->has_ask)
		c->ask_place = ask;
}

/* Sends c->out and waits for the answer. */
static int round_trip(struct client *c, redisReply **replyp)
{
	void *reply = NULL;

	if (c->out.failed)
		return -ENOMEM;
	if (redisAppendFormattedCommand(c->context, c->out.data, c->out.len) != REDIS_OK ||
	    redisGetReply(c->context, &reply) != REDIS_OK || !reply)
		return fail(c, CLIENT_E_AWAY, dial_why(c->url, c->context));
	*replyp = reply;
	if ((*replyp)->type != REDIS_REPLY_ERROR)
		return 0;

	int r = CLIENT_E_REPLY;
	for (size_t i = 0; i < ARRAY_LEN(away_errors); i++)
		if (script_error_is((*replyp)->str, away_errors[i]))
			r = CLIENT_E_AWAY;
	if (cluster_turns_away((*replyp)->str)) {
		turn_away(c, (*replyp)->str);
		r = CLIENT_E_AWAY;
	}
	r = fail(c, r, (*replyp)->str);
	c->is_answer = true;
	freeReplyObject(reply);
	*replyp = NULL;
	return r;
}

static int command(struct client *c, redisReply **replyp, unsigned n, const char *const *words)
{
	buf_clear(&c->out);
	command_format(&c->out, n, words);
	return round_trip(c, replyp);
}

/* A command whose answer does not matter, as long as it is none of failure. */
static int command_ok(struct client *c, unsigned n, const char *const *words)
{
	redisReply *reply = NULL;
	int r = command(c, &reply, n, words);

	if (reply)
		freeReplyObject(reply);
	if (r == CLIENT_E_REPLY) {
		drop(c);
		return CLIENT_E_AWAY;
	}
	return r;
}

/* What a sentinel said is believed once Redis says it too. */
static int check_role(struct client *c)
{
	redisReply *reply = NULL;
	const char *trouble = NULL;
	char why[REDIS_WHY_STRLEN];
	int r = command(c, &reply, 1, (const char *[]){ "ROLE" });

	if (r == 0)
		trouble = sentinel_check_role(reply);
	if (reply)
		freeReplyObject(reply);
	if (trouble) {
		snprintf(why, sizeof(why), "%s:%d: %s", c->place.host.name, c->place.host.port,
			 trouble);
		return fail(c, CLIENT_E_AWAY, why);
	}
	if (r != CLIENT_E_REPLY)
		return r;
	drop(c);
	return CLIENT_E_AWAY;
}

/* Is this a cluster, and the node that serves the pool? Who may not ask is told so by MOVED. */
static int check_nodes(struct client *c)
{
	redisReply *reply = NULL;
	bool is_text, is_elsewhere;
	int r = command(c, &reply, 2, (const char *[]){ "CLUSTER", "NODES" });

	if (r != 0 && r != CLIENT_E_REPLY)
		return r;
	is_text = reply && reply->type == REDIS_REPLY_STRING;
	is_elsewhere = cluster_take_answer(c->url, &c->place, is_text ? reply->str : NULL,
					   r == CLIENT_E_REPLY ? c->error : NULL);
	c->error[0] = '\0';
	if (reply)
		freeReplyObject(reply);
	if (!is_elsewhere || c->is_asking)
		return 0;
	c->is_turned_away = true;
	return fail(c, CLIENT_E_AWAY, "another node of the cluster has the slot of the pool");
}

static int greet(struct client *c)
{
	struct redis_url *url = c->url;
	struct redis_login login;
	char db[16];
	int r = 0;

	redis_url_login(url, &login);
	snprintf(db, sizeof(db), "%d", url->db);
	if (login.password[0] && login.user[0])
		r = command_ok(c, 3, (const char *[]){ "AUTH", login.user, login.password });
	else if (login.password[0])
		r = command_ok(c, 2, (const char *[]){ "AUTH", login.password });
	explicit_bzero(&login, sizeof(login));
	if (r == 0 && url->db)
		r = command_ok(c, 2, (const char *[]){ "SELECT", db });
	if (r == 0 && url->master[0])
		r = check_role(c);
	if (r == 0 && cluster_is_open_question(url))
		r = check_nodes(c);
	return r;
}

/* Redis ended the connection while nobody used it, as it restarted. */
static bool has_ended(const struct client *c)
{
	char byte;
	ssize_t n = recv(c->context->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static int connect_now(struct client *c)
{
	struct timeval timeout = clock_timeval(c->timeout_ms * US_PER_MS);
	char why[REDIS_WHY_STRLEN];

	if (c->context && (finder_has_moved(c->url, &c->place) || has_ended(c)))
		drop(c);
	if (c->context)
		return 0;
	cluster_set_key(c->url, c->scripts.keys ? c->scripts.keys[0] : NULL);
	c->is_asking = c->has_ask;
	c->has_ask = false;
	if (c->is_asking)
		c->place = c->ask_place;
	else if (finder_find(c->url, &c->place, why) != 0)
		return fail(c, CLIENT_E_AWAY, why);
	c->context = dial(c->url, &c->place, timeout);
	if (!c->context)
		return -ENOMEM;
	if (c->context->err)
		return fail(c, CLIENT_E_AWAY, dial_why(c->url, c->context));
	return greet(c);
}

/* Before a call that a cluster sent here. */
static int say_asking(struct client *c)
{
	return c->is_asking ? command_ok(c, 1, (const char *[]){ "ASKING" }) : 0;
}

/* A cluster has not run the call: it is sent again, where the cluster says, within the time of a call. */
static bool is_to_try_again(struct client *c, int error, uint64_t since_us)
{
	struct timespec pause = { .tv_nsec = TURNED_AWAY_PAUSE_MS * 1000000L };
	bool was_turned_away = c->is_turned_away;

	c->is_turned_away = false;
	if (error != CLIENT_E_AWAY || !was_turned_away ||
	    clock_mono_us() - since_us >= c->timeout_ms * US_PER_MS)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static int eval_once(struct client *c, unsigned id, const struct script_args *args,
		     redisReply **replyp)
{
	int r = say_asking(c);

	if (r != 0)
		return r;
	buf_clear(&c->out);
	script_format(&c->out, &c->scripts, id, args);
	return round_trip(c, replyp);
}

static int load(struct client *c, unsigned id)
{
	redisReply *reply = NULL;
	int r;

	buf_clear(&c->out);
	script_format_load(&c->out, &c->scripts.scripts[id]);
	r = round_trip(c, &reply);
	if (reply)
		freeReplyObject(reply);
	return r;
}

static int eval_loaded(struct client *c, unsigned id, const struct script_args *args,
		       redisReply **replyp)
{
	int r;

	if (c->is_asking) /* the call before was sent there alone */
		drop(c);
	r = connect_now(c);
	if (r != 0)
		return r;
	r = eval_once(c, id, args, replyp);
	if (r == CLIENT_E_REPLY && strncmp(c->error, "NOSCRIPT", 8) == 0) {
		r = load(c, id);
		if (r == 0)
			r = eval_once(c, id, args, replyp);
	}
	return r;
}

int client_eval(struct client *c, unsigned id, const struct script_args *args, redisReply **replyp)
{
	uint64_t since_us = clock_mono_us();
	bool reused = c->context != NULL;
	int r;

	c->error[0] = '\0';
	*replyp = NULL;
	do
		r = eval_loaded(c, id, args, replyp);
	while (is_to_try_again(c, r, since_us));
	/* a connection may end only when it is used */
	if (r == CLIENT_E_AWAY && reused && (!args->is_sent_once || c->is_answer))
		r = eval_loaded(c, id, args, replyp);
	if (r == 0)
		c->error[0] = '\0'; /* of a first try */
	return r;
}

int client_command(struct client *c, redisReply **replyp, unsigned n, const char *const *words)
{
	uint64_t since_us = clock_mono_us();
	int r;

	*replyp = NULL;
	do {
		c->error[0] = '\0';
		if (c->is_asking)
			drop(c);
		r = connect_now(c);
		if (r == 0)
			r = say_asking(c);
		if (r == 0)
			r = command(c, replyp, n, words);
	} while (is_to_try_again(c, r, since_us));
	return r;
}

static int subscribe(struct client *c)
{
	uint64_t since_us = clock_mono_us();
	int r;

	do
		r = connect_now(c);
	while (is_to_try_again(c, r, since_us));
	if (r == 0 && !c->is_subscribed)
		r = command_ok(c, 2, (const char *[]){ "SUBSCRIBE", c->scripts.channel });
	if (r == 0)
		c->is_subscribed = true;
	return r;
}

/* What has come already, or comes within ms. *replyp stays NULL: nothing did. */
static int await(struct client *c, unsigned ms, void **replyp)
{
	struct pollfd fd = { .fd = c->context->fd, .events = POLLIN };

	for (;;) {
		if (redisGetReplyFromReader(c->context, replyp) != REDIS_OK)
			return fail(c, CLIENT_E_AWAY, dial_why(c->url, c->context));
		if (*replyp || poll(&fd, 1, (int)ms) <= 0)
			return 0;
		if (redisBufferRead(c->context) != REDIS_OK)
			return fail(c, CLIENT_E_AWAY, dial_why(c->url, c->context));
	}
}

int client_event(struct client *c, unsigned ms, char **textp)
{
	void *reply = NULL;
	const redisReply *message;
	int r;

	c->error[0] = '\0';
	*textp = NULL;
	r = subscribe(c);
	if (r == 0)
		r = await(c, ms, &reply);
	if (r != 0 || !reply)
		return r;
	message = reply;
	if (message->type == REDIS_REPLY_ARRAY && message->elements == 3 &&
	    message->element[2]->type == REDIS_REPLY_STRING) {
		*textp = strdup(message->element[2]->str);
		r = *textp ? 0 : -ENOMEM;
	}
	freeReplyObject(reply);
	return r;
}
