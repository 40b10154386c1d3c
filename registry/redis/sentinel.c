#include "registry/redis/sentinel.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/redis/dial.h"

/* NULL, or the reason in `reason`. *replyp is the caller's to free. */
static const char *command(const struct redis_url *url, redisContext *context, redisReply **replyp,
			   int n, const char **words, char *reason)
{
	redisReply *reply = redisCommandArgv(context, n, words, NULL);

	*replyp = reply;
	if (!reply) {
		snprintf(reason, DIAL_REASON_STRLEN, "%s", dial_why(url, context));
		return reason;
	}
	if (reply->type != REDIS_REPLY_ERROR)
		return NULL;
	snprintf(reason, DIAL_REASON_STRLEN, "%s%s", reply->str,
		 strncmp(reply->str, "NOAUTH", 6) == 0 ? " (?sentinel_password= gives it)" : "");
	return reason;
}

static const char *log_in(const struct redis_url *url, redisContext *context, char *reason)
{
	const char *words[] = { "AUTH", url->sentinel_user, url->sentinel_password }, *why;
	redisReply *reply;

	if (!url->sentinel_password[0])
		return NULL;
	if (!url->sentinel_user[0])
		words[1] = url->sentinel_password;
	why = command(url, context, &reply, url->sentinel_user[0] ? 3 : 2, words, reason);
	freeReplyObject(reply);
	return why;
}

static const char *take_answer(const struct redis_url *url, const redisReply *reply,
			       struct redis_host *host, char *reason)
{
	if (reply->type == REDIS_REPLY_NIL) {
		snprintf(reason, DIAL_REASON_STRLEN, "knows no master named \"%.100s\"",
			 url->master);
		return reason;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING ||
	    (size_t)reply->element[0]->len >= sizeof(host->name))
		return "its answer makes no sense";
	strcpy(host->name, reply->element[0]->str);
	host->port = atoi(reply->element[1]->str);
	return host->name[0] && host->port > 0 && host->port <= 65535 ? NULL
								      : "its answer makes no sense";
}

static const char *ask_connected(const struct redis_url *url, redisContext *context,
				 struct redis_host *host, char *reason)
{
	const char *words[] = { "SENTINEL", "get-master-addr-by-name", url->master }, *why;
	redisReply *reply = NULL;

	why = log_in(url, context, reason);
	if (!why)
		why = command(url, context, &reply, 3, words, reason);
	if (!why)
		why = take_answer(url, reply, host, reason);
	freeReplyObject(reply);
	return why;
}

static const char *ask(struct redis_url *url, const struct redis_host *sentinel,
		       struct redis_host *host, char *reason)
{
	struct redis_place place = { .host = *sentinel };
	const char *why;
	redisContext *context = dial_host(
		url, &place, clock_timeval(SENTINEL_TIMEOUT_MS * US_PER_MS), reason, &why);

	if (!context)
		return why;
	why = ask_connected(url, context, host, reason);
	redisFree(context);
	return why;
}

int sentinel_ask_all(struct redis_url *url, struct redis_place *placep, char why[REDIS_WHY_STRLEN])
{
	char reason[DIAL_REASON_STRLEN];
	unsigned first;
	int len = 0;

	pthread_mutex_lock(&url->lock);
	first = url->first_sentinel;
	pthread_mutex_unlock(&url->lock);
	for (unsigned i = 0; i < url->n_hosts; i++) {
		unsigned at = (first + i) % url->n_hosts;
		const struct redis_host *sentinel = &url->hosts[at];
		const char *trouble = ask(url, sentinel, &placep->host, reason);

		if (!trouble) {
			placep->sentinel = (int)at;
			pthread_mutex_lock(&url->lock);
			url->first_sentinel = at;
			pthread_mutex_unlock(&url->lock);
			return 0;
		}
		if (len < REDIS_WHY_STRLEN)
			len += snprintf(why + len, (size_t)(REDIS_WHY_STRLEN - len),
					"%ssentinel %s:%d: %s", i ? "; " : "", sentinel->name,
					sentinel->port, trouble);
	}
	return SENTINEL_E_NONE;
}

const char *sentinel_check_role(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 ||
	    reply->element[0]->type != REDIS_REPLY_STRING)
		return "its role is not known";
	return strcmp(reply->element[0]->str, "master") == 0
		       ? NULL
		       : "it is not the primary (any more, or not yet)";
}
