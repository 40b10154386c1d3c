/* What a link says first on a connection, and what it makes of the answers. */
#include "registry/redis/link_greet.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "registry/redis/cluster_seek.h"
#include "registry/redis/redis_url.h"
#include "registry/redis/sentinel.h"

static void on_greeting(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;
	redisReply *reply = reply_arg;

	(void)arg;
	if (!link || !reply || link->state != LINK_CONNECTING)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		log_error("redis", "greeting refused", "link=%s answer=%s", link->config.name,
			  reply->str);
		link_break_off(link, reply->str);
	} else if (--link->n_greetings == 0) {
		link_come_up(link);
	}
}

/* The greeting's end does not depend on what is said: some servers forbid the command. */
static void on_courtesy(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;

	(void)arg;
	if (link && reply_arg && link->state == LINK_CONNECTING && --link->n_greetings == 0)
		link_come_up(link);
}

/* Is this a cluster, and the node that serves the pool? */
static void on_nodes(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;
	redisReply *reply = reply_arg;
	bool is_error = reply && reply->type == REDIS_REPLY_ERROR;
	bool is_text = reply && reply->type == REDIS_REPLY_STRING;

	if (link && reply && link->state == LINK_CONNECTING &&
	    cluster_take_answer(link->config.url, &link->place, is_text ? reply->str : NULL,
				is_error ? reply->str : NULL) &&
	    !link->is_asking)
		link_break_off(link, "another node of the cluster has the slot of the pool");
	else
		on_courtesy(context, reply_arg, arg);
}

/* What a sentinel said is believed once Redis says it too. */
static void on_role(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;
	redisReply *reply = reply_arg;
	const char *trouble = NULL;

	if (link && reply && reply->type != REDIS_REPLY_ERROR && link->state == LINK_CONNECTING)
		trouble = sentinel_check_role(reply);
	if (!trouble) {
		on_greeting(context, reply_arg, arg);
		return;
	}
	log_warn("redis", "refused", "link=%s addr=%s:%d reason=%s", link->config.name,
		 link->place.host.name, link->place.host.port, trouble);
	link_break_off(link, trouble);
}

static void on_message(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;
	redisReply *reply = reply_arg;

	(void)arg;
	if (!link || !reply || link->state == LINK_BROKEN)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		link_break_off(link, reply->str);
		return;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	if (reply->element[2]->type == REDIS_REPLY_STRING)
		link->config.on_event(link->config.arg, reply->element[2]->str);
	else if (link->state == LINK_CONNECTING) /* the subscription itself */
		link_come_up(link);
}

/* Sends what is written in `out`. */
static void greet_out(struct link *link, redisCallbackFn *fn)
{
	if (!link->out.failed && redisAsyncFormattedCommand(link->context, fn, NULL, link->out.data,
							    link->out.len) == REDIS_OK)
		link->n_greetings++;
}

static void greet(struct link *link, redisCallbackFn *fn, unsigned n, const char *const *words)
{
	buf_clear(&link->out);
	command_format(&link->out, n, words);
	greet_out(link, fn);
}

static void load_scripts(struct link *link)
{
	for (unsigned id = 0; id < link->config.scripts.n_scripts; id++) {
		buf_clear(&link->out);
		script_format_load(&link->out, &link->config.scripts.scripts[id]);
		greet_out(link, on_greeting);
	}
}

void link_greet(struct link *link)
{
	struct redis_url *url = link->config.url;
	struct redis_login login;
	char db[16];

	redis_url_login(url, &login);
	snprintf(db, sizeof(db), "%d", url->db);
	if (login.password[0] && login.user[0])
		greet(link, on_greeting, 3, (const char *[]){ "AUTH", login.user, login.password });
	else if (login.password[0])
		greet(link, on_greeting, 2, (const char *[]){ "AUTH", login.password });
	explicit_bzero(&login, sizeof(login));
	if (url->db)
		greet(link, on_greeting, 2, (const char *[]){ "SELECT", db });
	if (url->master[0])
		greet(link, on_role, 1, (const char *[]){ "ROLE" });
	if (cluster_is_open_question(url))
		greet(link, on_nodes, 2, (const char *[]){ "CLUSTER", "NODES" });
	greet(link, on_courtesy, 3, (const char *[]){ "CLIENT", "SETNAME", link->config.name });
	if (!link->config.subscribe) {
		load_scripts(link);
		return;
	}
	if (redisAsyncCommand(link->context, on_message, NULL, "SUBSCRIBE %s",
			      link->config.scripts.channel) == REDIS_OK)
		link->n_greetings++; /* counted by the subscription's own answer */
}
