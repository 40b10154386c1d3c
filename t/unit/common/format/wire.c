/*
 * Requests as agents sent them: each body is unpacked, its format found, and its messages counted
 * and written; expected.json says how many there are. t/wire has some, made for this test; more can
 * be put beside the tree, in ../shared/wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/codec/codec.h"
#include "common/format/format_route.h"
#include "common/json/json_packet.h"

struct request {
	struct buf bytes;
	struct format_slice path, query, media_type, encoding;
	const char *body;
	size_t body_len;
};

static bool read_file(const char *folder, const char *name, struct buf *bytes)
{
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		return false;
	do {
		assert_int_equal(buf_reserve(bytes, 4096), 0);
		n = fread(bytes->data + bytes->len, 1, 4096, file);
		bytes->len += n;
	} while (n > 0);
	fclose(file);
	return true;
}

static struct format_slice field(const char *head, const char *name)
{
	const char *at = head;

	while ((at = strstr(at, "\r\n")) && at[2] != '\r') {
		at += 2;
		if (strncasecmp(at, name, strlen(name)) == 0) {
			at += strlen(name);
			return (struct format_slice){ at, strcspn(at, "\r") };
		}
	}
	return (struct format_slice){ "", 0 };
}

/* Joins the chunks where they are. */
static size_t unchunk(char *body)
{
	char *from = body, *to = body;
	size_t n;

	while ((n = strtoul(from, &from, 16)) > 0) {
		memmove(to, from + 2, n);
		to += n;
		from += 2 + n + 2;
	}
	return (size_t)(to - body);
}

static void parse(struct request *rq)
{
	char *head = (char *)buf_str(&rq->bytes), *body = strstr(head, "\r\n\r\n");
	const char *target = strchr(head, ' ') + 1, *query;

	assert_non_null(body);
	body[3] = '\0'; /* the header section is a string */
	body += 4;
	rq->path = (struct format_slice){ target, strcspn(target, " ?") };
	query = rq->path.data + rq->path.len;
	rq->query = (struct format_slice){ query, 0 };
	if (*query == '?')
		rq->query = (struct format_slice){ query + 1, strcspn(query + 1, " ") };
	rq->media_type = field(head, "Content-Type: ");
	rq->encoding = field(head, "Content-Encoding: ");
	rq->body = body;
	rq->body_len = rq->bytes.len - (size_t)(body - head);
	if (field(head, "Transfer-Encoding: ").len)
		rq->body_len = unchunk(body);
}

/* Messages of the request; 0: none go there. */
static uint64_t count(struct codec *codec, struct request *rq)
{
	struct codec_names announced;
	struct codec_bytes unpacked;
	enum format_family family;
	struct format_body body;
	struct json_packet packet;
	struct buf out = { 0 };
	struct format_sink sink = { &out, 1u << 20, false, 0 };
	enum format_id id;
	size_t n_mark;

	if (!format_route_find(rq->path.data, rq->path.len, &family))
		return 0;
	assert_int_equal(codec_names_read(rq->encoding.data, rq->encoding.len, &announced), 0);
	if (family == FORMAT_FAMILY_LOKI && rq->body[0] != '{' && announced.n == 0)
		announced = (struct codec_names){ 1, { CODEC_SNAPPY_BLOCK } };
	assert_int_equal(
		codec_unpack(codec, rq->body, rq->body_len, &announced, 1u << 20, &unpacked), 0);
	body = (struct format_body){ unpacked.data, unpacked.len, rq->path, rq->query };
	n_mark = format_mark_len(&body, rq->media_type);
	body.data += n_mark;
	body.len -= n_mark;
	id = format_detect(family, &body, rq->media_type);
	assert_int_equal(format_read(id, &body, &sink), 0);
	if (!format_get(id)->is_json) {
		assert_int_equal(json_packet_read(out.data, out.len, JSON_MAX_DEPTH, &packet), 0);
		assert_int_equal(packet.n_messages, sink.n_messages);
	}
	buf_deinit(&out);
	codec_release(codec);
	return sink.n_messages;
}

static void test_folder(void **state)
{
	const char *folder = *state;
	struct buf index = { 0 };
	struct codec *codec = codec_new(NULL);
	cJSON *expected, *item;
	unsigned n = 0;

	assert_non_null(codec);
	if (!read_file(folder, "expected.json", &index)) {
		codec_free(codec);
		print_message("# skipped: there is no %s beside this tree\n", folder);
		return;
	}
	expected = cJSON_Parse(buf_str(&index));
	assert_non_null(expected);
	cJSON_ArrayForEach (item, expected) {
		struct request rq = { 0 };
		const cJSON *messages = cJSON_GetObjectItem(item, "messages");

		if (!strstr(item->string, ".req"))
			continue;
		assert_true(read_file(folder, item->string, &rq.bytes));
		parse(&rq);
		if (count(codec, &rq) != (uint64_t)messages->valueint)
			fail_msg("%s is not counted as %d", item->string, messages->valueint);
		buf_deinit(&rq.bytes);
		n++;
	}
	assert_true(n > 5);
	cJSON_Delete(expected);
	codec_free(codec);
	buf_deinit(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "requests made for this test are counted", test_folder, NULL, NULL, "t/wire" },
		{ "recorded requests are counted", test_folder, NULL, NULL, "../shared/wire" },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
