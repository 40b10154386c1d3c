#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "loadgen/source.h"

#define TS_MS 1767323045678u

static const struct sizes one_to_nine = { 1, 9, 0 };

static int write_packet(struct source *source, const char *id, uint64_t ts_ms, struct buf *out,
			uint32_t *np)
{
	struct writing writing = { 0 };
	int r = source_write_packet(source, writer_get(FORMAT_JSON), &writing, id, ts_ms, out, np);

	writing_deinit(&writing);
	return r;
}

static cJSON *parse_packet(struct buf *body, const char *id, uint32_t n_messages)
{
	cJSON *root = cJSON_Parse(buf_str(body));
	const cJSON *messages = cJSON_GetObjectItem(root, "messages");

	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "id")), id);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "source")),
			    "weir-loadgen");
	assert_true(cJSON_IsArray(messages));
	assert_int_equal(cJSON_GetArraySize(messages), n_messages);
	return root;
}

static void check_synthetic_message(const cJSON *message)
{
	AUTO_FREE char *text = cJSON_PrintUnformatted(message);

	assert_in_range(strlen(text), 120, 120);
	assert_true(cJSON_GetObjectItem(message, "ts")->valuedouble == TS_MS);
	assert_true(cJSON_IsString(cJSON_GetObjectItem(message, "msg")));
}

static void synthetic_packets_have_the_sizes_asked_for(void **state UNUSED)
{
	CLEANUP(source_freep) struct source *source = NULL;
	CLEANUP(buf_deinit) struct buf body = { 0 };
	unsigned seen[10] = { 0 };
	const cJSON *message;
	uint32_t n;

	assert_int_equal(source_new_synthetic(&source, &one_to_nine, 1, 120), 0);
	for (int i = 0; i < 500; i++) {
		cJSON *root;

		assert_int_equal(write_packet(source, "x-1", TS_MS, &body, &n), 0);
		assert_in_range(n, 1, 9);
		seen[n]++;
		root = parse_packet(&body, "x-1", n);
		cJSON_ArrayForEach (message, cJSON_GetObjectItem(root, "messages"))
			check_synthetic_message(message);
		cJSON_Delete(root);
	}
	for (int i = 1; i <= 9; i++)
		assert_true(seen[i] > 0);
}

static void equal_seeds_give_equal_packets(void **state UNUSED)
{
	CLEANUP(source_freep) struct source *a = NULL, *b = NULL;
	CLEANUP(buf_deinit) struct buf body_a = { 0 }, body_b = { 0 };
	uint32_t n_a, n_b;

	assert_int_equal(source_new_synthetic(&a, &one_to_nine, 42, 200), 0);
	assert_int_equal(source_new_synthetic(&b, &one_to_nine, 42, 200), 0);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(write_packet(a, "x", TS_MS, &body_a, &n_a), 0);
		assert_int_equal(write_packet(b, "x", TS_MS, &body_b, &n_b), 0);
		assert_string_equal(buf_str(&body_a), buf_str(&body_b));
	}
}

static void messages_may_be_tiny_or_longer_than_the_text_they_are_cut_from(void **state UNUSED)
{
	static const struct sizes one = { 1, 1, 0 };
	static const size_t bytes[] = { 1, 40, 16384, 100000 };
	uint32_t n;

	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		CLEANUP(source_freep) struct source *source = NULL;
		CLEANUP(buf_deinit) struct buf body = { 0 };

		assert_int_equal(source_new_synthetic(&source, &one, 1, bytes[i]), 0);
		assert_int_equal(write_packet(source, "x", TS_MS, &body, &n), 0);
		cJSON_Delete(parse_packet(&body, "x", 1));
		assert_true(body.len >= bytes[i] && body.len < bytes[i] + 100);
	}
}

static void replay_makes_a_message_of_each_line(void **state UNUSED)
{
	static const char content[] = "say \"hi\"\t\\\nbroken \xFF byte\n\n\xE2\x82\xAC\n";
	static const struct sizes three = { 3, 3, 0 };
	CLEANUP(source_freep) struct source *source = NULL;
	CLEANUP(buf_deinit) struct buf body = { 0 };
	char path[] = "/tmp/weir-source-XXXXXX";
	int fd = mkstemp(path);
	uint32_t n;

	assert_int_equal(write(fd, content, sizeof(content) - 1), sizeof(content) - 1);
	assert_int_equal(source_new_replay(&source, &three, 1, path), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write_packet(source, "r-7", TS_MS, &body, &n), 0);
		assert_int_equal(n, 3);
		assert_string_equal(buf_str(&body),
				    "{\"id\":\"r-7\",\"source\":\"weir-loadgen\",\"messages\":["
				    "{\"message\":\"say \\\"hi\\\"\\t\\\\\"},"
				    "{\"message\":\"broken \xEF\xBF\xBD byte\"},"
				    "{\"message\":\"\xE2\x82\xAC\"}]}");
	}
	unlink(path);
	close(fd);
}

static void a_packet_that_the_input_runs_dry_in_has_what_was_there(void **state UNUSED)
{
	static const struct sizes five = { 5, 5, 0 };
	CLEANUP(source_freep) struct source *source = NULL;
	CLEANUP(buf_deinit) struct buf body = { 0 };
	int fds[2], saved = dup(STDIN_FILENO);
	uint32_t n;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	assert_int_equal(source_new_replay(&source, &five, 1, "-"), 0);
	assert_int_equal(write_packet(source, "x", TS_MS, &body, &n), SOURCE_E_LATER);
	assert_int_equal(write(fds[1], "a\nb\n", 4), 4);
	assert_int_equal(write_packet(source, "x", TS_MS, &body, &n), 0);
	assert_int_equal(n, 2);
	cJSON_Delete(parse_packet(&body, "x", 2));
	assert_int_equal(write(fds[1], "c\n", 2), 2);
	close(fds[1]);
	assert_int_equal(write_packet(source, "x", TS_MS, &body, &n), 0);
	assert_int_equal(n, 1);
	cJSON_Delete(parse_packet(&body, "x", 1));
	assert_int_equal(write_packet(source, "x", TS_MS, &body, &n), SOURCE_E_END);
	close(fds[0]);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void a_replay_file_that_is_not_there_is_said(void **state UNUSED)
{
	struct source *source;

	assert_int_equal(source_new_replay(&source, &one_to_nine, 1, "/nowhere/at/all"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(synthetic_packets_have_the_sizes_asked_for),
		cmocka_unit_test(equal_seeds_give_equal_packets),
		cmocka_unit_test(messages_may_be_tiny_or_longer_than_the_text_they_are_cut_from),
		cmocka_unit_test(replay_makes_a_message_of_each_line),
		cmocka_unit_test(a_packet_that_the_input_runs_dry_in_has_what_was_there),
		cmocka_unit_test(a_replay_file_that_is_not_there_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
