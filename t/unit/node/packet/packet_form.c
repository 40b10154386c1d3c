#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/packet/packet_form.h"

static struct memory_pool pool;
static struct memory memory;

static struct packet *packet_of(const char *body, const struct packet_request *request)
{
	struct packet *p;

	pool.left_bytes = 1 << 20;
	memory_init(&memory, &pool);
	p = packet_new_within(&memory, strlen(body));
	assert_non_null(p);
	memcpy(p->body, body, strlen(body));
	p->len = strlen(body);
	if (request)
		assert_int_equal(packet_set_form(&memory, p, request), 0);
	return p;
}

static void end(struct packet *p)
{
	packet_free_within(&memory, p);
	assert_int_equal(memory.used_bytes, 0);
}

static bool slice_is(struct format_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

static void test_plain(void **state)
{
	struct packet *p = packet_of("{}", NULL);

	(void)state;
	assert_true(packet_is_json(p));
	assert_int_equal(packet_format(p), FORMAT_JSON);
	assert_true(slice_is(packet_request(p).path, "/ingest"));
	assert_true(slice_is(packet_request(p).media_type, "application/json"));
	assert_int_equal(packet_make_json(&memory, p), 0);
	assert_ptr_equal(packet_json(p).data, p->body);
	end(p);
}

static void test_kept(void **state)
{
	char path[] = "/a/_bulk", query[] = "x=1", type[] = "text/plain", tenant[] = "shop";
	struct packet_request request = { FORMAT_TEXT,  true,         { path, 8 },
					  { query, 3 }, { type, 10 }, { tenant, 4 } };
	struct packet *p = packet_of("a\nb", &request);

	(void)state;
	memset(path, 'x', sizeof(path));
	memset(tenant, 'x', sizeof(tenant));
	request = packet_request(p);
	assert_true(request.is_put);
	assert_true(slice_is(request.path, "/a/_bulk"));
	assert_true(slice_is(request.query, "x=1"));
	assert_true(slice_is(request.media_type, "text/plain"));
	assert_true(slice_is(request.tenant, "shop"));
	assert_false(packet_is_json(p));
	assert_int_equal(packet_id(p).len, 0);
	end(p);
}

static void check_text(const char *text, const char *expected)
{
	struct packet *p = packet_of("x", NULL);

	assert_int_equal(packet_restore_form(&memory, p, text), 0);
	assert_string_equal(packet_form_text(p), expected);
	end(p);
}

static void test_text(void **state)
{
	(void)state;
	check_text("application/json", "application/json");
	check_text("", "application/json");
	check_text("text/x", "text/x\n/ingest\n\n\n\njson");
	check_text("\n/a/_bulk\nx=1\nPUT\nshop\nbulk", "\n/a/_bulk\nx=1\nPUT\nshop\nbulk");
	check_text("a\n/b\n\n\n\nof-tomorrow", "a\n/b\n\n\n\njson");
	check_text("a\n/b c\n\x01\n\nx\x7fy\ntext", "a\n\n\n\n\ntext");
}

static void test_check_json(void **state)
{
	const struct packet_request request = { .format = FORMAT_TEXT };
	struct packet *p = packet_of("a\nb", &request);

	(void)state;
	assert_int_equal(packet_check_json(&memory, p, 1000), 0);
	assert_null(p->form->json);
	assert_int_equal(packet_check_json(&memory, p, 40), FORMAT_E_TOO_LARGE);
	assert_null(p->form->json); /* it was not written to its end */
	assert_int_equal(packet_check_json(&memory, p, 50), 0);
	assert_non_null(p->form->json);
	assert_int_equal(packet_check_json(&memory, p, 40), FORMAT_E_TOO_LARGE);
	end(p);
}

static void test_json_once(void **state)
{
	const struct packet_request request = { .format = FORMAT_TEXT };
	struct packet *p = packet_of("a\nb", &request);
	size_t before = memory.used_bytes;
	const char *data;

	(void)state;
	assert_int_equal(packet_make_json(&memory, p), 0);
	data = packet_json(p).data;
	assert_true(slice_is(packet_json(p),
			     "{\"messages\":[{\"message\":\"a\"},{\"message\":\"b\"}]}"));
	assert_true(memory.used_bytes >= before + packet_json(p).len);
	assert_int_equal(packet_make_json(&memory, p), 0);
	assert_ptr_equal(packet_json(p).data, data);
	assert_memory_equal(p->body, "a\nb", p->len);
	end(p);
}

static void test_no_memory(void **state)
{
	const struct packet_request request = { .format = FORMAT_TEXT };
	struct packet *p = packet_of("a\nb", &request);
	uint64_t left = memory_left(&memory);

	(void)state;
	assert_true(memory_take(&memory, left - 8));
	assert_int_equal(packet_make_json(&memory, p), -ENOMEM);
	assert_int_equal(packet_set_form(&memory, p, &request), -ENOMEM);
	memory_give(&memory, left - 8);
	assert_int_equal(packet_make_json(&memory, p), 0);
	end(p);
}

static void test_foreign_body(void **state)
{
	const struct packet_request request = { .format = FORMAT_OTLP_PROTO };
	struct packet *p = packet_of("\x0a\x06\x12", &request);

	(void)state;
	assert_int_equal(packet_make_json(&memory, p), FORMAT_E_SYNTAX);
	end(p);
}

static void test_forgotten(void **state)
{
	const struct packet_request request = { .format = FORMAT_TEXT };
	struct packet *p = packet_of("a\nb", &request);
	size_t before = memory.used_bytes;

	(void)state;
	packet_forget_json(&memory, p);
	assert_int_equal(packet_make_json(&memory, p), 0);
	packet_forget_json(&memory, p);
	assert_int_equal(memory.used_bytes, before);
	assert_int_equal(packet_make_json(&memory, p), 0);
	assert_true(slice_is(packet_json(p),
			     "{\"messages\":[{\"message\":\"a\"},{\"message\":\"b\"}]}"));
	end(p);
}

static void test_other_body(void **state)
{
	const struct packet_request request = { .format = FORMAT_TEXT, .path = { "/x", 2 } };
	struct packet *from = packet_of("packed", &request);
	struct packet *to = packet_new_within(&memory, 4);

	(void)state;
	assert_non_null(to);
	from->n_hops = 2;
	assert_int_equal(packet_set_via(from, "a, b", 4), 0);
	packet_move_form(to, from);
	packet_free_within(&memory, from);
	assert_int_equal(to->n_hops, 2);
	assert_string_equal(to->via, "a, b");
	assert_true(slice_is(packet_request(to).path, "/x"));
	end(to);
}

static void test_operations(void **state)
{
	static const char body[] =
		" {\"delete\":{}}\n{\"index\":{}}\n{\"a\":1}\n\n{\"create\":{}}\n{\"b\":2}";
	static const char left[] = "{\"delete\":{}}\n{\"create\":{}}\n{\"b\":2}";
	static const bool keep[] = { true, false, true };
	const struct packet_request request = { .format = FORMAT_BULK, .path = { "/_bulk", 6 } };
	struct packet *p = packet_of(body, &request);

	(void)state;
	p->n_messages = 2;
	assert_int_equal(packet_keep_operations(&memory, p, keep), FORMAT_E_SYNTAX);
	assert_int_equal(p->len, strlen(body));
	p->n_messages = 3;
	assert_int_equal(packet_make_json(&memory, p), 0);
	assert_int_equal(packet_keep_operations(&memory, p, keep), 0);
	packet_note_done(p, 1);
	assert_int_equal(p->n_messages, 2);
	assert_int_equal(p->n_done, 1);
	assert_int_equal(p->len, strlen(left));
	assert_memory_equal(p->body, left, strlen(left));
	assert_int_equal(packet_make_json(&memory, p), 0);
	assert_null(memmem(packet_json(p).data, packet_json(p).len, "index", 5));
	end(p);
}

int main(void)
{
#define TEST(title, fn)                                                                            \
	{                                                                                          \
		title, fn, NULL, NULL, NULL                                                        \
	}
	const struct CMUnitTest tests[] = {
		TEST("plain JSON is what a packet is that says nothing else", test_plain),
		TEST("what the request said is copied", test_kept),
		TEST("as text it comes back as it was", test_text),
		TEST("what is too large as JSON is told from what is not", test_check_json),
		TEST("the JSON form is made once, and charged", test_json_once),
		TEST("it can be forgotten, and made again", test_forgotten),
		TEST("without memory it is made later", test_no_memory),
		TEST("a body that is not in its format has none", test_foreign_body),
		TEST("operations are taken out of a body", test_operations),
		TEST("another body gets all that is known of the packet", test_other_body),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("packet_form", tests, NULL, NULL);
}
