#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/ingest/translator.h"
#include "t/unit/common/codec/packers.h"

#define MEMORY_BYTES (64 << 20)
#define MAX_BODY (1u << 20)

static struct memory_pool pool;
static struct memory memory;

static struct translator *make(uint32_t formats)
{
	struct translator_config config = { &memory, MAX_BODY, formats };
	struct translator *t;

	pool.left_bytes = MEMORY_BYTES;
	memory_init(&memory, &pool);
	t = translator_new(&config);
	assert_non_null(t);
	return t;
}

static void end(struct translator *t)
{
	translator_free(t);
	assert_int_equal(memory.used_bytes, 0);
}

static struct packet *packet_of(const char *data, size_t len)
{
	struct packet *p = packet_new_within(&memory, len);

	assert_non_null(p);
	assert_int_equal(packet_reserve_within(&memory, &p, len, MAX_BODY), 0);
	memcpy(p->body, data, len);
	p->len = len;
	return p;
}

/* A request as its header section tells it. */
struct asked {
	struct request_form form;
	struct http_head head;
};

static const struct asked *form_of(enum format_family family, const char *type,
				   const char *encoding)
{
	static struct asked asked;

	asked.head = (struct http_head){ .method = HTTP_POST,
					 .path = { "/shop/_bulk", 11 },
					 .query = { "host=h", 6 },
					 .content_type = { type, strlen(type) } };
	request_form_read(&asked.head, family, &asked.form);
	assert_int_equal(codec_names_read(encoding, strlen(encoding), &asked.form.announced), 0);
	return &asked;
}

struct outcome {
	enum refusal refusal;
	const char *json; /* NULL: not looked at */
	uint32_t n_messages;
};

static void check_json(struct packet *p, const char *expected)
{
	assert_int_equal(packet_make_json(&memory, p), 0);
	assert_int_equal(packet_json(p).len, strlen(expected));
	assert_memory_equal(packet_json(p).data, expected, strlen(expected));
}

/* The packet is left in *pp where it is taken. */
static struct translation read_one(struct translator *t, const struct asked *asked,
				   struct packet **pp, enum refusal expected)
{
	static const struct request_form bare = { .is_plain = true, .is_bare = true };
	struct translation result;

	if (asked) {
		struct packet_request kept = request_form_kept(&asked->head, asked->form.family);

		assert_int_equal(packet_set_form(&memory, *pp, &kept), 0);
	}
	assert_int_equal(translator_read(t, pp, asked ? &asked->form : &bare, &result), expected);
	return result;
}

static struct translation check(struct translator *t, const struct asked *asked, const char *data,
				size_t len, struct outcome expected)
{
	struct packet *p = packet_of(data, len);
	struct translation result = read_one(t, asked, &p, expected.refusal);

	if (expected.json) {
		check_json(p, expected.json);
		assert_int_equal(p->n_messages, expected.n_messages);
	}
	packet_free_within(&memory, p);
	return result;
}
#define CHECK(form, text, ...)                                                                     \
	check(t, form, text, sizeof(text) - 1, (struct outcome){ __VA_ARGS__ })

static void test_formats(void **state)
{
	struct translator *t = make(0);

	(void)state;
	CHECK(NULL, "{\"a\":1}\n{\"a\":2}", REFUSAL_NONE, "{\"messages\":[{\"a\":1},{\"a\":2}]}",
	      2);
	CHECK(form_of(FORMAT_FAMILY_ANY, "text/plain", ""), "a\nb", REFUSAL_NONE,
	      "{\"messages\":[{\"message\":\"a\"},{\"message\":\"b\"}]}", 2);
	CHECK(form_of(FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", ""), "{\"a\":1}",
	      REFUSAL_NONE, "{\"a\":1}", 1);
	CHECK(form_of(FORMAT_FAMILY_OTLP, "", ""), "\x0a\x06\x12\x04\x12\x02\x10\x09", REFUSAL_NONE,
	      "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityNumber\":9}]}]}]}",
	      1);
	end(t);
}

/* Agents on Windows write one. */
static void test_mark(void **state)
{
	struct translator *t = make(0);

	(void)state;
	CHECK(NULL, FORMAT_MARK "{\"messages\":[1,2]}", REFUSAL_NONE, "{\"messages\":[1,2]}", 2);
	CHECK(form_of(FORMAT_FAMILY_ANY, "", "gzip"), FORMAT_MARK "[1]", REFUSAL_NONE, "[1]", 1);
	CHECK(form_of(FORMAT_FAMILY_ANY, "text/plain", ""), FORMAT_MARK "a\r\nb", REFUSAL_NONE,
	      "{\"messages\":[{\"message\":\"a\"},{\"message\":\"b\"}]}", 2);
	CHECK(form_of(FORMAT_FAMILY_LOKI, "", ""),
	      FORMAT_MARK "{\"streams\":[{\"values\":[[\"1\",\"x\"]]}]}", REFUSAL_NONE,
	      "{\"streams\":[{\"values\":[[\"1\",\"x\"]]}]}", 1);
	CHECK(NULL, FORMAT_MARK, REFUSAL_BAD_JSON);
	CHECK(NULL, FORMAT_MARK FORMAT_MARK "{}", REFUSAL_BAD_JSON);
	end(t);
}

static void test_packed(void **state)
{
	static const char text[] = "{\"a\":1}{\"a\":2}";
	struct translator *t = make(0);

	(void)state;
	for (int i = 0; i < PACKERS; i++) {
		struct packed p = pack((enum packer)i, text, sizeof(text) - 1);

		check(t, form_of(FORMAT_FAMILY_ANY, "application/json", packer_names[i]), p.data,
		      p.len,
		      (struct outcome){ REFUSAL_NONE, "{\"messages\":[{\"a\":1},{\"a\":2}]}", 2 });
		packed_free(&p);
	}
	end(t);
}

/* What an analyzer may get as it came. */
static void test_kept(void **state)
{
	static const char text[] = "{\"a\":1}{\"a\":2}";
	struct packed gzip = pack(PACK_GZIP, text, sizeof(text) - 1);
	struct packet *p = packet_of(gzip.data, gzip.len);
	struct translator *t = make(0);
	struct packet_request request;

	(void)state;
	memory_take(&memory, packet_cost(p->capacity)); /* make() begins a new account */
	p->n_hops = 1;
	assert_int_equal(packet_set_via(p, "other/1", 7), 0);
	read_one(t, form_of(FORMAT_FAMILY_ANY, "text/x", "gzip"), &p, REFUSAL_NONE);
	request = packet_request(p);
	assert_int_equal(request.format, FORMAT_JSON_LINES);
	assert_memory_equal(request.path.data, "/shop/_bulk", 11);
	assert_memory_equal(request.query.data, "host=h", 6);
	assert_memory_equal(request.media_type.data, "text/x", 6);
	assert_int_equal(p->len, sizeof(text) - 1);
	assert_memory_equal(p->body, text, p->len);
	assert_int_equal(p->n_hops, 1);
	assert_string_equal(p->via, "other/1");
	packet_free_within(&memory, p);
	packed_free(&gzip);
	end(t);
}

/* By gRPC came what also comes over HTTP: nobody behind the node has to know. */
static void test_call(void **state)
{
	static const char bytes[] = "\x0a\x06\x12\x04\x12\x02\x10\x09";
	struct packet *p = packet_of(bytes, sizeof(bytes) - 1);
	struct translator *t = make(0);
	struct packet_request request;
	struct translation result;

	(void)state;
	memory_take(&memory, packet_cost(p->capacity)); /* make() begins a new account */
	result = read_one(t, form_of(FORMAT_FAMILY_OTLP_GRPC, "application/grpc", ""), &p,
			  REFUSAL_NONE);
	request = packet_request(p);
	assert_int_equal(result.format, FORMAT_OTLP_GRPC);
	assert_int_equal(request.format, FORMAT_OTLP_PROTO);
	assert_int_equal(request.path.len, 8);
	assert_memory_equal(request.path.data, "/v1/logs", 8);
	assert_memory_equal(request.media_type.data, "application/x-protobuf", 22);
	assert_int_equal(request.query.len, 0);
	packet_free_within(&memory, p);
	end(t);
}

/* An agent is refused at once if its packet could not be delivered as JSON. */
static void test_large_as_json(void **state)
{
	struct translator *t = make(0);
	char *lines = malloc(MAX_BODY);

	(void)state;
	assert_non_null(lines);
	for (size_t i = 0; i < MAX_BODY; i++)
		lines[i] = i % 2 ? '\n' : 'x';
	check(t, form_of(FORMAT_FAMILY_ANY, "text/plain", ""), lines, MAX_BODY,
	      (struct outcome){ (enum refusal)HTTP_BODY_TOO_LARGE, NULL, 0 });
	check(t, form_of(FORMAT_FAMILY_ANY, "text/plain", ""), lines, MAX_BODY / 16,
	      (struct outcome){ REFUSAL_NONE, NULL, 0 });
	free(lines);
	end(t);
}

static void test_refused(void **state)
{
	struct translator *t = make(0);
	char *zeros = calloc(1, 32u << 20);
	struct packed bomb;

	(void)state;
	assert_non_null(zeros);
	CHECK(NULL, "{\"a\":1}\n{", REFUSAL_BAD_JSON);
	CHECK(NULL, "hello", REFUSAL_BAD_JSON);
	CHECK(NULL, "7", REFUSAL_NOT_A_PACKET);
	CHECK(form_of(FORMAT_FAMILY_OTLP, "", ""), "\x0a\x06\x12", REFUSAL_BAD_FORMAT);
	CHECK(form_of(FORMAT_FAMILY_ANY, "", "gzip"), "\x1f\x8b\x08\x00\x00", REFUSAL_BAD_ENCODING);
	assert_int_equal(
		CHECK(form_of(FORMAT_FAMILY_HEC, "", ""), "{}{}{", REFUSAL_BAD_FORMAT).n_before, 2);
	bomb = pack(PACK_GZIP, zeros, 32u << 20);
	check(t, NULL, bomb.data, bomb.len,
	      (struct outcome){ (enum refusal)HTTP_BODY_TOO_LARGE, NULL, 0 });
	packed_free(&bomb);
	bomb = pack(PACK_ZSTD, zeros, 1u << 20);
	check(t, NULL, bomb.data, bomb.len, (struct outcome){ REFUSAL_EXPANDS, NULL, 0 });
	packed_free(&bomb);
	free(zeros);
	end(t);
}

static void test_empty(void **state)
{
	struct translator *t = make(0);

	(void)state;
	assert_true(CHECK(form_of(FORMAT_FAMILY_OTLP, "application/json", ""), "{}",
			  REFUSAL_NO_MESSAGES)
			    .is_empty);
	assert_true(CHECK(form_of(FORMAT_FAMILY_OTLP, "application/x-protobuf", ""), "",
			  REFUSAL_NO_MESSAGES)
			    .is_empty);
	assert_true(
		CHECK(form_of(FORMAT_FAMILY_JOURNAL, "", ""), "", REFUSAL_NO_MESSAGES).is_empty);
	assert_false(CHECK(form_of(FORMAT_FAMILY_HEC, "", ""), "", REFUSAL_NO_MESSAGES).is_empty);
	end(t);
}

static void test_chosen(void **state)
{
	struct translator *t = make(1u << FORMAT_HEC | 1u << FORMAT_BULK);
	struct translation result;

	(void)state;
	CHECK(NULL, "{}", REFUSAL_FORMAT);
	CHECK(form_of(FORMAT_FAMILY_HEC, "", ""), "{}", REFUSAL_NONE);
	result = CHECK(form_of(FORMAT_FAMILY_BULK, "", ""), "{\"delete\":{\"_id\":\"7\"}}\n",
		       REFUSAL_NONE);
	assert_memory_equal(result.items, "{\"delete\":{\"_index\":\"shop\",\"_id\":\"7\"", 36);
	free(result.items);
	memory_give(&memory, result.n_items_charged);
	end(t);
}

static void test_no_memory(void **state)
{
	struct translator *t = make(0);
	char body[40000];
	struct packed gzip;

	(void)state;
	memset(body, '\n', sizeof(body));
	body[0] = 'x';
	gzip = pack(PACK_GZIP, body, sizeof(body));
	assert_true(memory_take(&memory, memory_left(&memory) - packet_cost(gzip.len) - 1000));
	check(t, form_of(FORMAT_FAMILY_ANY, "text/plain", "gzip"), gzip.data, gzip.len,
	      (struct outcome){ REFUSAL_NO_MEMORY, NULL, 0 });
	packed_free(&gzip);
	memory_give(&memory, memory.used_bytes);
	end(t);
}

int main(void)
{
#define TEST(title, fn)                                                                            \
	{                                                                                          \
		title, fn, NULL, NULL, NULL                                                        \
	}
	const struct CMUnitTest tests[] = {
		TEST("a body becomes a packet that can be written as JSON", test_formats),
		TEST("and keeps its bytes, and what its request said", test_kept),
		TEST("a call leaves a packet of OTLP over HTTP", test_call),
		TEST("what would be too large as JSON is refused at once", test_large_as_json),
		TEST("however it was packed", test_packed),
		TEST("a byte order mark is passed over", test_mark),
		TEST("what is broken is refused, with its reason", test_refused),
		TEST("a format may allow that nothing is in it", test_empty),
		TEST("only the chosen formats are taken", test_chosen),
		TEST("without memory nothing is made", test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("translator", tests, NULL, NULL);
}
