/* causes.[ch]: figures go in, one line for each cause comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/causes.h"

#define NOW_MS 1000000000u
#define WORKERS 2

static struct {
	struct analyzer analyzers[2];
	struct roster_worker workers[WORKERS];
	struct roster roster;
	struct reports reports;
	struct causes_figures figures;
	struct causes causes;
} it;

/* NULL-terminated: node, report, node, report ... in place of what was reported before. */
static void report(const char *const *texts)
{
	redisReply replies[8], *elements[8], hash = { .type = REDIS_REPLY_ARRAY };

	reports_deinit(&it.reports);
	for (hash.element = elements; texts[hash.elements]; hash.elements++) {
		replies[hash.elements] = (redisReply){ .type = REDIS_REPLY_STRING,
						       .str = (char *)texts[hash.elements] };
		elements[hash.elements] = &replies[hash.elements];
	}
	assert_int_equal(reports_init(&it.reports, &hash, NULL, &it.roster), 0);
}
#define REPORT(...) report((const char *const[]){ __VA_ARGS__, NULL })

static int setup(void **state)
{
	(void)state;
	memset(&it, 0, sizeof(it));
	for (unsigned i = 0; i < 2; i++) {
		struct analyzer *a = &it.analyzers[i];

		*a = (struct analyzer){ .slot = i, .lease_ms = 4000, .ttl_ms = 5000 };
		snprintf(a->id, sizeof(a->id), "a%u", i + 1);
		snprintf(it.workers[i].name, sizeof(it.workers[i].name), "n%u/0", i + 1);
	}
	it.roster = (struct roster){ .n_slots = 2,
				     .n_analyzers = 2,
				     .analyzers = it.analyzers,
				     .n_workers = WORKERS,
				     .workers = it.workers,
				     .now_ms = NOW_MS };
	it.figures = (struct causes_figures){ .roster = &it.roster,
					      .reports = &it.reports,
					      .node = "n1",
					      .redis = REDIS_UP,
					      .redis_error = "",
					      .now_ms = NOW_MS,
					      .spill_max_bytes = 1000000,
					      .rate = 500,
					      .rate_minute = 500,
					      .rate_hour = 500 };
	REPORT("n1", "{\"workers\":1,\"redis\":{\"up_workers\":1}}", "n2",
	       "{\"workers\":1,\"redis\":{\"up_workers\":1}}");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	reports_deinit(&it.reports);
	return 0;
}

static const struct cause *find(enum cause_kind kind)
{
	causes_find(&it.causes, &it.figures);
	for (unsigned i = 0; i < it.causes.n; i++)
		if (it.causes.list[i].kind == kind)
			return &it.causes.list[i];
	return NULL;
}

/* It is the only line, has this level and says this. */
static void assert_only(enum cause_kind kind, enum cause_level level, const char *part)
{
	const struct cause *cause = find(kind);

	assert_non_null(cause);
	assert_int_equal(it.causes.n, 1);
	assert_int_equal(cause->level, level);
	if (!strstr(cause->text, part))
		assert_string_equal(cause->text, part);
}

static const char *headline(void)
{
	static char text[600];

	causes_find(&it.causes, &it.figures);
	causes_headline(&it.causes, &it.figures, text, sizeof(text));
	return text;
}

static void a_pool_without_trouble_is_well(void **state UNUSED)
{
	assert_string_equal(headline(), "All is well: 2 analyzers, 2 nodes, 500 messages/s");
	assert_int_equal(causes_level(&it.causes), CAUSE_OK);
}

#define OPEN(node)                                                                                 \
	"{\"workers\":1,\"redis\":{\"up_workers\":1},"                                             \
	"\"trouble\":[{\"analyzer\":\"a2\",\"worker\":\"" node "/0\",\"state\":\"open\"}],"        \
	"\"checks\":{\"a2\":{\"since_ms\":5000,\"error_ms\":6000,\"error\":\"Connection "          \
	"refused\"}}}"
#define FINE "{\"workers\":1,\"redis\":{\"up_workers\":1}}"

static void who_is_out_of_reach_of_all_is_told_with_the_error_and_since_when(void **state UNUSED)
{
	REPORT("n1", OPEN("n1"), "n2", OPEN("n2"));
	assert_only(CAUSE_UNREACHABLE, CAUSE_TROUBLE,
		    "a2 is out of reach of all nodes: Connection refused");
	assert_int_equal(it.causes.list[0].since_ms, 5000);
	assert_string_equal(it.causes.list[0].error, "Connection refused");
	assert_string_equal(it.causes.list[0].nodes, "");
}

static void the_view_of_one_node_has_its_name(void **state UNUSED)
{
	REPORT("n1", FINE, "n2", OPEN("n2"));
	assert_only(CAUSE_CUT_OFF, CAUSE_WARN,
		    "a2 is out of reach of n2, 1 of 2 nodes: Connection refused");
	assert_string_equal(it.causes.list[0].nodes, "n2");
}

static void a_lease_that_ran_out_says_so_and_when(void **state UNUSED)
{
	it.analyzers[0].lease_ms = -7000;
	it.analyzers[0].health = HEALTH_DOWN;
	assert_only(CAUSE_LOST, CAUSE_TROUBLE, "its lease ran out");
	assert_int_equal(it.causes.list[0].since_ms, NOW_MS - 7000);
}

static void who_could_send_no_heartbeats_is_not_lost(void **state UNUSED)
{
	it.analyzers[0].lease_ms = it.analyzers[1].lease_ms = -7000; /* both are forgiven */
	it.figures.redis = REDIS_REFUSING_OOM;
	it.figures.is_own = true;
	assert_only(CAUSE_REDIS, CAUSE_TROUBLE, "Redis refuses to write: it is at maxmemory");
}

static void a_node_alone_names_itself_for_what_it_cannot_reach(void **state UNUSED)
{
	REPORT("n1", OPEN("n1"));
	it.figures.redis = REDIS_AWAY;
	it.figures.is_own = true;
	assert_non_null(find(CAUSE_UNREACHABLE));
	assert_string_equal(find(CAUSE_UNREACHABLE)->text,
			    "a2 is out of reach of n1: Connection refused");
	assert_string_equal(find(CAUSE_UNREACHABLE)->nodes, "n1");
	assert_null(find(CAUSE_NO_ANALYZER));
}

static void nothing_goes_into_a_spill_that_redis_does_not_take(void **state UNUSED)
{
	it.analyzers[0].state = it.analyzers[1].state = ANALYZER_DISABLED;
	it.figures.redis = REDIS_AWAY;
	assert_string_equal(find(CAUSE_NO_ANALYZER)->text,
			    "No analyzer can take anything: packets are refused with 503");
	snprintf(it.roster.spill.server, sizeof(it.roster.spill.server), "127.0.0.1:6400");
	assert_string_equal(find(CAUSE_NO_ANALYZER)->text,
			    "No analyzer can take anything: packets go into the spill");
}

/* A node with that number of workers; the first has an open breaker. */
#define SHUT(workers, more)                                                                        \
	"{\"workers\":" workers ",\"redis\":{\"up_workers\":" workers "},"                         \
	"\"lanes\":{\"a2\":\"0 0 0 3:100.0 failed:30.0\"},"                                        \
	"\"trouble\":[{\"analyzer\":\"a2\",\"worker\":\"n1/0\",\"state\":\"open\"}" more "],"      \
	"\"checks\":{\"a2\":{\"error_ms\":1,\"error\":\"HTTP 503\"}}}"

static void who_answers_503_to_all_is_out_of_reach_and_nothing_else(void **state UNUSED)
{
	REPORT("n1", SHUT("1", ""));
	it.analyzers[1].health = HEALTH_DOWN;
	it.roster.n_workers = 1;
	assert_only(CAUSE_UNREACHABLE, CAUSE_TROUBLE,
		    "a2 fails, and gets nothing any more: HTTP 503");
	REPORT("n1",
	       SHUT("2", ",{\"analyzer\":\"a2\",\"worker\":\"n1/1\",\"state\":\"half_open\"}"));
	assert_only(CAUSE_UNREACHABLE, CAUSE_TROUBLE,
		    "a2 fails, and gets nothing any more: HTTP 503");
}

static void who_answers_some_worker_is_not_said_to_be_gone(void **state UNUSED)
{
	REPORT("n1", SHUT("2", ""));
	it.roster.n_workers = 1;
	assert_only(CAUSE_ERRS, CAUSE_TROUBLE, "a2 fails 30 % of its deliveries: HTTP 503");
}

#define SILENT(node)                                                                               \
	"{\"workers\":1,\"redis\":{\"up_workers\":1},"                                             \
	"\"trouble\":[{\"analyzer\":\"a2\",\"worker\":\"" node "/0\",\"state\":\"open\"}]}"

static void no_error_is_told_where_none_is_known(void **state UNUSED)
{
	REPORT("n1", FINE, "n2", SILENT("n2"));
	assert_string_equal(find(CAUSE_CUT_OFF)->text, "a2 is out of reach of n2, 1 of 2 nodes");
	REPORT("n1", SILENT("n1"), "n2", SILENT("n2"));
	assert_string_equal(find(CAUSE_UNREACHABLE)->text, "a2 is out of reach of all nodes");
	REPORT("n1", "{\"lanes\":{\"a2\":\"0 0 0 3:10.0 failed:3.0\"}}");
	assert_string_equal(find(CAUSE_ERRS)->text, "a2 fails 30 % of its deliveries");
	REPORT("n1", "{\"checks\":{\"a1\":{\"flaps\":4.0}}}");
	assert_string_equal(find(CAUSE_FLAPS)->text, "a1 fails and recovers again and again");
}

static void a_part_of_the_deliveries_that_fail_is_told_as_a_part(void **state UNUSED)
{
	REPORT("n1", "{\"lanes\":{\"a2\":\"0 0 0 3:10.0 failed:3.0\"},"
		     "\"checks\":{\"a2\":{\"error_ms\":1,\"error\":\"HTTP 500\"}}}");
	assert_only(CAUSE_ERRS, CAUSE_WARN, "a2 fails 30 % of its deliveries: HTTP 500");
}

static void a_few_failures_are_no_trouble(void **state UNUSED)
{
	REPORT("n1", "{\"lanes\":{\"a2\":\"0 0 0 3:100.0 failed:2.0\"}}");
	assert_null(find(CAUSE_ERRS));
}

static void who_hangs_is_not_told_to_be_slow_too(void **state UNUSED)
{
	REPORT("n1", "{\"lanes\":{\"a2\":\"0 0 0 16:10.0\"},\"trouble\":[{\"analyzer\":\"a2\","
		     "\"worker\":\"n1/0\",\"state\":\"hanging\"}]}");
	it.roster.n_workers = 1;
	causes_find(&it.causes, &it.figures);
	assert_non_null(find(CAUSE_HANGS));
	assert_null(find(CAUSE_SLOW));
}

static void a_slow_analyzer_is_told_with_its_p99(void **state UNUSED)
{
	REPORT("n1", "{\"lanes\":{\"a1\":\"0 0 0 13:10.0\"}}");
	assert_only(CAUSE_SLOW, CAUSE_WARN, "a1 is slow");
}

static void flapping_is_told_as_such(void **state UNUSED)
{
	REPORT("n1", "{\"checks\":{\"a1\":{\"flaps\":4.0,\"error_ms\":1,\"error\":\"reset\"}}}");
	assert_only(CAUSE_FLAPS, CAUSE_WARN, "a1 fails and recovers again and again: reset");
	it.analyzers[0].held_back_ms = 4200;
	causes_find(&it.causes, &it.figures);
	assert_string_equal(find(CAUSE_FLAPS)->text,
			    "a1 restarts again and again, and is held back for 5 s more");
}

static void who_restarts_again_and_again_is_not_told_by_its_failed_deliveries(void **state UNUSED)
{
	REPORT("n1", "{\"lanes\":{\"a1\":\"0 0 0 3:10.0 failed:3.0\"},"
		     "\"checks\":{\"a1\":{\"error_ms\":1,\"error\":\"Connection refused\"}}}");
	it.analyzers[0].held_back_ms = 4200;
	assert_only(CAUSE_FLAPS, CAUSE_WARN, "a1 restarts again and again");
}

static void without_analyzers_nothing_is_said_to_go_to_others(void **state UNUSED)
{
	it.roster.n_analyzers = 0;
	assert_string_equal(headline(), "No analyzer is registered: packets go into the spill");
	it.figures.spill_max_bytes = 0;
	assert_string_equal(headline(), "No analyzer is registered: packets are refused with 503");
}

static void the_state_of_redis_is_named_with_whose_view_it_is(void **state UNUSED)
{
	it.figures.redis = REDIS_REFUSING_OOM;
	it.figures.redis_error = "OOM command not allowed";
	it.figures.redis_since_ms = 77;
	assert_only(CAUSE_REDIS, CAUSE_TROUBLE,
		    "Redis refuses to write: it is at maxmemory, as n1 sees it; the figures are "
		    "those of n1 alone");
	assert_string_equal(it.causes.list[0].error, "OOM command not allowed");
	it.figures.redis = REDIS_SLOW;
	assert_only(CAUSE_REDIS, CAUSE_WARN, "Redis is slow, as n1 sees it");
}

static void refusals_are_told_by_their_reason(void **state UNUSED)
{
	REPORT("n1", "{\"refusing\":{\"spill_full\":{\"status\":503,\"per_s\":2,\"since_ms\":9}}}",
	       "n2",
	       "{\"refusing\":{\"spill_full\":{\"status\":503,\"per_s\":1.5,\"since_ms\":8},"
	       "\"not_found\":{\"status\":404,\"per_s\":1,\"since_ms\":7},"
	       "\"incomplete\":{\"status\":400,\"per_s\":50,\"since_ms\":7}}}");
	assert_string_equal(find(CAUSE_REFUSING)->text,
			    "Agents get 503 spill_full for 3.5 requests a second");
	assert_int_equal(find(CAUSE_REFUSING)->since_ms, 8);
	assert_int_equal(find(CAUSE_REFUSING)->level, CAUSE_TROUBLE);
	assert_string_equal(find(CAUSE_AGENTS_WRONG)->text,
			    "Agents get 404 not_found for 1.0 requests a second");
	assert_int_equal(it.causes.n, 2);
}

static void a_wrong_token_is_one_cause(void **state UNUSED)
{
	REPORT("n1", "{\"refusing\":{\"too_many_wrong_tokens\":{\"status\":429,\"per_s\":3,"
		     "\"since_ms\":9},"
		     "\"unauthorized\":{\"status\":401,\"per_s\":1,\"since_ms\":7}}}");
	assert_only(CAUSE_AGENTS_WRONG, CAUSE_WARN,
		    "Agents get 401 unauthorized for 4.0 requests a second");
	REPORT("n1", "{\"refusing\":{\"too_many_wrong_tokens\":{\"status\":429,\"per_s\":3,"
		     "\"since_ms\":9}}}");
	assert_only(CAUSE_AGENTS_WRONG, CAUSE_WARN, "Agents get 429 too_many_wrong_tokens");
}

static void refused_agents_are_told_with_what_they_ask_for(void **state UNUSED)
{
	REPORT("n1",
	       "{\"refusing\":{\"not_found\":{\"status\":404,\"per_s\":1,\"since_ms\":7}},"
	       "\"refusals\":[{\"method\":\"POST\",\"path\":\"/old\",\"client\":\"10.0.0.6\","
	       "\"code\":\"not_found\",\"count\":900,\"age_ms\":60000}]}",
	       "n2",
	       "{\"refusals\":[{\"method\":\"PUT\",\"path\":\"/b\",\"client\":\"10.0.0.8\","
	       "\"code\":\"not_found\",\"count\":2,\"age_ms\":10},"
	       "{\"method\":\"POST\",\"path\":\"/a\",\"client\":\"10.0.0.7\","
	       "\"code\":\"not_found\",\"count\":40,\"age_ms\":10},"
	       "{\"method\":\"POST\",\"path\":\"/c\",\"client\":\"10.0.0.9\","
	       "\"code\":\"unauthorized\",\"count\":80,\"age_ms\":10}]}");
	assert_string_equal(find(CAUSE_AGENTS_WRONG)->text,
			    "Agents get 404 not_found for 1.0 requests a second, mostly for POST "
			    "/a from 10.0.0.7");
}

static void the_spill_says_how_full_it_is_and_when_it_will_be(void **state UNUSED)
{
	it.roster.spill.packets = 10;
	it.roster.spill.bytes = 500000;
	assert_only(CAUSE_SPILL, CAUSE_WARN, "10 packets in the spill wait for an analyzer");
	it.figures.spill_bytes_per_s = 100;
	assert_only(CAUSE_SPILL_GROWS, CAUSE_WARN, "50 % full, and at this rate full in 83 min");
	it.figures.spill_bytes_per_s = 5000;
	assert_only(CAUSE_SPILL_GROWS, CAUSE_TROUBLE, "full in 100 s");
	it.roster.spill.bytes = 990000;
	assert_only(CAUSE_SPILL_FULL, CAUSE_TROUBLE, "The spill is full: 10 packets, 99 %");
}

static void dead_letters_that_wait_are_told(void **state UNUSED)
{
	it.roster.n_dead = 1;
	assert_only(CAUSE_DEAD_LETTERS, CAUSE_WARN, "1 dead letter waits");
	it.roster.n_dead = 10;
	assert_only(CAUSE_DEAD_LETTERS, CAUSE_WARN, "10 dead letters wait");
}

static void a_fall_of_the_rate_is_told_unless_something_is_in_trouble(void **state UNUSED)
{
	it.figures.rate = 35;
	assert_only(CAUSE_RATE_FELL, CAUSE_WARN,
		    "The pool gets 35 messages/s: 93 % less than a minute ago, when it got 500");
	it.figures.rate_minute = 35;
	assert_only(CAUSE_RATE_FELL, CAUSE_WARN, "less than an hour ago");
	it.figures.rate_hour = -1;
	assert_null(find(CAUSE_RATE_FELL));
	it.figures.rate_minute = 500;
	it.figures.redis = REDIS_AWAY;
	assert_null(find(CAUSE_RATE_FELL));
}

static void a_node_that_is_lost_is_told_until_it_is_back(void **state UNUSED)
{
	cJSON *events = cJSON_Parse("[{\"kind\":\"node_lost\",\"node\":\"n3/0\",\"time_ms\":"
				    "999990000},{\"kind\":\"node_lost\",\"node\":\"n3/1\","
				    "\"time_ms\":999990001},{\"kind\":\"node_lost\",\"node\":"
				    "\"n2/0\",\"time_ms\":999990001}]");

	it.figures.events = events;
	assert_only(CAUSE_NODE_LOST, CAUSE_WARN, "Node n3 is gone");
	assert_int_equal(it.causes.list[0].since_ms, 999990000);
	snprintf(it.workers[0].name, sizeof(it.workers[0].name), "n3/0");
	assert_null(find(CAUSE_NODE_LOST));
	cJSON_Delete(events);
}

static void memory_and_links_of_a_node_are_told_with_its_name(void **state UNUSED)
{
	REPORT("n1", FINE, "n2",
	       "{\"workers\":2,\"redis\":{\"up_workers\":1},\"held_bytes\":95,"
	       "\"held_max_bytes\":100,\"memory_max_bytes\":200}");
	assert_string_equal(
		find(CAUSE_MEMORY)->text,
		"Node n2 runs out of memory: packets and connections hold 95 % of what they may");
	assert_string_equal(find(CAUSE_NODE_AWAY)->text, "1 worker of node n2 is away from Redis");
	assert_string_equal(it.causes.list[0].key, "n2");
}

static void shares_are_off_only_where_nothing_else_is(void **state UNUSED)
{
	const double off[] = { -500, 500 };

	it.figures.off = off;
	assert_string_equal(find(CAUSE_SHARE_OFF)->text,
			    "a1 got 500 messages too few in the last minute");
	assert_int_equal(it.causes.n, 2);
	REPORT("n1", FINE, "n2", OPEN("n2"));
	assert_null(find(CAUSE_SHARE_OFF));
}

static void notes_are_no_reason_to_look(void **state UNUSED)
{
	it.analyzers[0].state = ANALYZER_DRAINING;
	snprintf(it.analyzers[1].fault, sizeof(it.analyzers[1].fault), "hang");
	assert_true(strncmp(headline(), "All is well", 11) == 0);
	assert_int_equal(causes_level(&it.causes), CAUSE_NOTE);
	assert_int_equal(it.causes.n, 2);
}

static void the_worst_comes_first_and_in_the_headline(void **state UNUSED)
{
	it.roster.n_dead = 3;
	it.analyzers[0].lease_ms = -1;
	it.analyzers[0].health = HEALTH_DOWN;
	assert_string_equal(headline(), "2 things need a look. First: a1 sends no heartbeats any "
					"more: its lease ran out");
}

static void json_has_what_a_reader_needs(void **state UNUSED)
{
	cJSON *json, *cause;

	REPORT("n1", FINE, "n2", OPEN("n2"));
	causes_find(&it.causes, &it.figures);
	json = causes_json(&it.causes, &it.figures);
	assert_string_equal(cJSON_GetObjectItem(json, "level")->valuestring, "warn");
	cause = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "causes"), 0);
	assert_string_equal(cJSON_GetObjectItem(cause, "kind")->valuestring, "analyzer_cut_off");
	assert_string_equal(cJSON_GetObjectItem(cause, "subject")->valuestring, "a2");
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(cause, "nodes"), 0)->valuestring,
			    "n2");
	assert_string_equal(cJSON_GetObjectItem(cause, "last_error")->valuestring,
			    "Connection refused");
	assert_string_equal(cJSON_GetObjectItem(cause, "runbook")->valuestring,
			    "weiranalyzerunreachable");
	assert_string_equal(cJSON_GetObjectItem(cause, "heading")->valuestring,
			    "WeirAnalyzerUnreachable");
	cJSON_Delete(json);
}

static void more_causes_than_there_is_room_for_are_counted(void **state UNUSED)
{
	struct causes causes = { 0 };

	for (unsigned i = 0; i < CAUSES_MOST; i++)
		assert_non_null(causes_add(&causes, CAUSE_ERRS, CAUSE_WARN, "", 0));
	assert_null(causes_add(&causes, CAUSE_ERRS, CAUSE_WARN, "", 0));
	cause_say(NULL, "nothing");
	assert_int_equal(causes.n_left_out, 1);
}

/* Many analyzers that are out of service do not hide that Redis is away. */
static void trouble_takes_the_room_of_a_note(void **state UNUSED)
{
	struct causes causes = { 0 };
	struct cause *trouble;

	for (unsigned i = 0; i < CAUSES_MOST + 9; i++)
		causes_add(&causes, CAUSE_OUT_OF_SERVICE, CAUSE_NOTE, "a1", 0);
	trouble = causes_add(&causes, CAUSE_REDIS, CAUSE_TROUBLE, "away", 7);
	assert_non_null(trouble);
	assert_int_equal(trouble->level, CAUSE_TROUBLE);
	assert_true(causes_have(&causes, CAUSE_REDIS, "away"));
	assert_int_equal(causes.n, CAUSES_MOST);
	assert_int_equal(causes.n_left_out, 10);
	assert_non_null(causes_add(&causes, CAUSE_ERRS, CAUSE_WARN, "a2", 0));
	assert_true(causes_have(&causes, CAUSE_REDIS, "away"));
}

static void each_kind_has_its_remedy_and_its_heading(void **state UNUSED)
{
	for (unsigned i = 0; i < CAUSE_KINDS; i++) {
		struct cause cause = { .kind = (enum cause_kind)i };

		assert_true(strlen(cause_remedy(&cause)) > 10);
		assert_true(strlen(cause_runbook(&cause)) > 4);
	}
}

static void each_state_of_redis_leads_to_its_own_heading(void **state UNUSED)
{
	for (unsigned i = REDIS_UP + 1; i < REDIS_STATES; i++) {
		struct cause cause = { .kind = CAUSE_REDIS };
		bool has_lost = i == REDIS_EMPTY || i == REDIS_OLDER;

		snprintf(cause.key, sizeof(cause.key), "%s", redis_state_names[i]);
		assert_string_equal(cause_runbook(&cause), i == REDIS_AWAY ? "WeirRedisAway"
							   : has_lost      ? "WeirRedisLostData"
									   : "WeirRedisState");
		assert_int_equal(strstr(cause_remedy(&cause), "Bring Redis back") == NULL,
				 has_lost);
	}
}

static void packets_in_a_circle_lead_to_what_ends_the_circle(void **state UNUSED)
{
	struct cause cause = { .kind = CAUSE_REFUSING, .key = "loop" };

	assert_string_equal(cause_runbook(&cause), "Packets go in a circle");
	assert_non_null(strstr(cause_remedy(&cause), "analyzer"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pool_without_trouble_is_well),
		TEST(who_is_out_of_reach_of_all_is_told_with_the_error_and_since_when),
		TEST(the_view_of_one_node_has_its_name),
		TEST(a_lease_that_ran_out_says_so_and_when),
		TEST(who_could_send_no_heartbeats_is_not_lost),
		TEST(a_node_alone_names_itself_for_what_it_cannot_reach),
		TEST(nothing_goes_into_a_spill_that_redis_does_not_take),
		TEST(who_answers_503_to_all_is_out_of_reach_and_nothing_else),
		TEST(who_answers_some_worker_is_not_said_to_be_gone),
		TEST(no_error_is_told_where_none_is_known),
		TEST(a_part_of_the_deliveries_that_fail_is_told_as_a_part),
		TEST(a_few_failures_are_no_trouble),
		TEST(who_hangs_is_not_told_to_be_slow_too),
		TEST(a_slow_analyzer_is_told_with_its_p99),
		TEST(flapping_is_told_as_such),
		TEST(who_restarts_again_and_again_is_not_told_by_its_failed_deliveries),
		TEST(without_analyzers_nothing_is_said_to_go_to_others),
		TEST(the_state_of_redis_is_named_with_whose_view_it_is),
		TEST(refusals_are_told_by_their_reason),
		TEST(a_wrong_token_is_one_cause),
		TEST(refused_agents_are_told_with_what_they_ask_for),
		TEST(the_spill_says_how_full_it_is_and_when_it_will_be),
		TEST(dead_letters_that_wait_are_told),
		TEST(a_fall_of_the_rate_is_told_unless_something_is_in_trouble),
		TEST(a_node_that_is_lost_is_told_until_it_is_back),
		TEST(memory_and_links_of_a_node_are_told_with_its_name),
		TEST(shares_are_off_only_where_nothing_else_is),
		TEST(notes_are_no_reason_to_look),
		TEST(the_worst_comes_first_and_in_the_headline),
		TEST(json_has_what_a_reader_needs),
		TEST(more_causes_than_there_is_room_for_are_counted),
		TEST(trouble_takes_the_room_of_a_note),
		TEST(each_kind_has_its_remedy_and_its_heading),
		TEST(each_state_of_redis_leads_to_its_own_heading),
		TEST(packets_in_a_circle_lead_to_what_ends_the_circle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/causes", tests, NULL, NULL);
}
