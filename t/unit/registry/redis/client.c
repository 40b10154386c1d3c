/* client.[ch] against a Redis that restarts, forgets, stalls and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/scripts.h"
#include "t/unit/redis_pool.h"

#define SHORT_MS 200

static int eval_roster(struct client *client)
{
	struct script_args args = { 0 };
	redisReply *reply;
	int r = client_eval(client, SCRIPT_ROSTER, &args, &reply);

	if (r == 0)
		freeReplyObject(reply);
	return r;
}

static void scripts_are_loaded_when_redis_has_them_not(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(eval_roster(pool->client), 0);
	POOL_DO(pool, "SCRIPT", "FLUSH");
	assert_int_equal(eval_roster(pool->client), 0);
	assert_string_equal(client_error(pool->client), "");
}

static void a_redis_that_restarted_is_found_again(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(eval_roster(pool->client), 0);
	redis_server_kill(&pool->server);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	assert_int_equal(eval_roster(pool->client), 0);
}

static int set_if(struct client *client, const char *revisions, uint64_t *revisionp)
{
	const double weight = 7;
	struct membership_change change = { .weight = &weight, .if_revisions = revisions };
	uint64_t epoch;

	return membership_set(client, "a1", &change, &epoch, revisionp);
}

/* Also by a connection that Redis had ended before. */
static void a_change_if_nobody_made_another_is_sent_once(void **state)
{
	struct redis_pool *pool = *state;
	struct client *client CLEANUP(client_freep) =
		client_new(&pool->url, registry_scripts(&pool->keys), SHORT_MS);
	uint64_t revision;
	redisReply *reply;
	char text[32];

	redis_pool_join(pool, "a1", 1, 60000);
	assert_int_equal(set_if(client, NULL, &revision), 0);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)revision);
	POOL_DO(pool, "CLIENT", "KILL", "TYPE", "normal"); /* but for who says so */
	assert_int_equal(set_if(client, text, &revision), 0);

	POOL_DO(pool, "CONFIG", "RESETSTAT");
	redis_server_freeze(&pool->server);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)revision);
	assert_int_equal(set_if(client, text, &revision), CLIENT_E_AWAY);
	redis_server_thaw(&pool->server);
	POOL_DO(pool, "PING"); /* what waited ran with it */
	reply = POOL_COMMAND(pool, "INFO", "commandstats");
	assert_non_null(strstr(reply->str, "cmdstat_evalsha:calls=1,"));
	freeReplyObject(reply);
}

static void a_redis_that_is_gone_is_said_to_be_away(void **state)
{
	struct redis_pool *pool = *state;

	redis_server_kill(&pool->server);
	assert_int_equal(eval_roster(pool->client), CLIENT_E_AWAY);
	assert_true(strlen(client_error(pool->client)) > 0);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	assert_int_equal(eval_roster(pool->client), 0);
	assert_string_equal(client_error(pool->client), "");
}

static void a_redis_that_stalls_is_given_up_in_time(void **state)
{
	struct redis_pool *pool = *state;
	struct client *client CLEANUP(client_freep) =
		client_new(&pool->url, registry_scripts(&pool->keys), SHORT_MS);

	assert_int_equal(eval_roster(client), 0);
	redis_server_freeze(&pool->server); /* it never answers */
	assert_int_equal(eval_roster(client), CLIENT_E_AWAY);
	redis_server_thaw(&pool->server);
	assert_int_equal(eval_roster(pool->client), 0);
}

static void publish(struct redis_pool *pool, const char *text)
{
	struct client *client CLEANUP(client_freep) =
		client_new(&pool->url, registry_scripts(&pool->keys), SHORT_MS);
	const char *words[] = { "PUBLISH", pool->keys.names[KEY_EVENTS], text };
	redisReply *reply;

	assert_int_equal(client_command(client, &reply, ARRAY_LEN(words), words), 0);
	assert_int_equal(reply->integer, 1);
	freeReplyObject(reply);
}

static void events_come_to_who_waits_for_them(void **state)
{
	struct redis_pool *pool = *state;
	struct client *client CLEANUP(client_freep) =
		client_new(&pool->url, registry_scripts(&pool->keys), SHORT_MS);
	char *text;

	assert_int_equal(client_event(client, 0, &text), 0);
	assert_null(text);
	publish(pool, "epoch 7 set a1");
	publish(pool, "epoch 8 set a2");
	assert_int_equal(client_event(client, 5000, &text), 0);
	assert_string_equal(text, "epoch 7 set a1");
	free(text);
	assert_int_equal(client_event(client, 5000, &text), 0);
	assert_string_equal(text, "epoch 8 set a2");
	free(text);
	redis_server_kill(&pool->server);
	assert_int_equal(client_event(client, 5000, &text), CLIENT_E_AWAY);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	assert_int_equal(client_event(client, 0, &text), 0);
	assert_null(text);
	publish(pool, "epoch 9 set a3");
	assert_int_equal(client_event(client, 5000, &text), 0);
	assert_string_equal(text, "epoch 9 set a3");
	free(text);
}

static void an_error_reply_is_told_from_absence(void **state)
{
	struct redis_pool *pool = *state;
	struct client *silent CLEANUP(client_freep) =
		client_new(&pool->url, registry_scripts(&pool->keys), SHORT_MS);
	char text[256];
	redisReply *reply;

	assert_int_equal(client_command(pool->client, &reply, 1, (const char *[]){ "NOSUCH" }),
			 CLIENT_E_REPLY);
	assert_non_null(strstr(client_error(pool->client), "NOSUCH"));
	assert_true(client_was_answered(pool->client));
	client_explain(pool->client, CLIENT_E_REPLY, text, sizeof(text));
	assert_non_null(strstr(text, "Redis answered: ERR"));
	assert_int_equal(eval_roster(pool->client), 0);
	assert_false(client_was_answered(pool->client));
	redis_server_freeze(&pool->server);
	assert_int_equal(eval_roster(silent), CLIENT_E_AWAY);
	redis_server_thaw(&pool->server);
	assert_false(client_was_answered(silent));
	client_explain(silent, CLIENT_E_AWAY, text, sizeof(text));
	assert_non_null(strstr(text, "Redis does not answer: "));
}

static void a_replica_that_may_not_write_counts_as_away(void **state)
{
	struct redis_pool *pool = *state;
	redisReply *reply;

	POOL_DO(pool, "REPLICAOF", "127.0.0.1", "1");
	assert_int_equal(
		client_command(pool->client, &reply, 3, (const char *[]){ "SET", "x", "1" }),
		CLIENT_E_AWAY);
	POOL_DO(pool, "REPLICAOF", "NO", "ONE");
	assert_int_equal(eval_roster(pool->client), 0);
}

static void a_password_and_a_database_are_used(void **state)
{
	struct redis_pool *pool = *state;
	struct redis_url url;
	struct client *client CLEANUP(client_freep) =
		client_new(&url, registry_scripts(&pool->keys), 1000);
	char text[256];
	redisReply *reply;

	snprintf(text, sizeof(text), "%s?db=2", pool->server.url);
	assert_int_equal(redis_url_parse(&url, text), 0);
	POOL_DO(pool, "ACL", "SETUSER", "weir", "on", ">secret", "allcommands", "allkeys",
		"allchannels");
	strcpy(url.user, "weir");
	strcpy(url.password, "wrong");
	assert_int_equal(eval_roster(client), CLIENT_E_AWAY);
	assert_non_null(strstr(client_error(client), "WRONGPASS"));
	assert_true(client_was_answered(client));
	strcpy(url.password, "secret");
	assert_int_equal(client_command(client, &reply, 3, (const char *[]){ "SET", "here", "2" }),
			 0);
	freeReplyObject(reply);
	reply = POOL_COMMAND(pool, "EXISTS", "here"); /* in database 0 */
	assert_int_equal(reply->integer, 0);
	freeReplyObject(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_are_loaded_when_redis_has_them_not),
		cmocka_unit_test(a_redis_that_restarted_is_found_again),
		cmocka_unit_test(a_change_if_nobody_made_another_is_sent_once),
		cmocka_unit_test(a_redis_that_is_gone_is_said_to_be_away),
		cmocka_unit_test(a_redis_that_stalls_is_given_up_in_time),
		cmocka_unit_test(an_error_reply_is_told_from_absence),
		cmocka_unit_test(a_replica_that_may_not_write_counts_as_away),
		cmocka_unit_test(a_password_and_a_database_are_used),
		cmocka_unit_test(events_come_to_who_waits_for_them),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
