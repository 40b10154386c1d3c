#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>

#include "common/format/format_route.h"
#include "common/json/json_packet.h"
#include "loadgen/writer.h"

#define TS_MS 1767323045678u

#define MESSAGE(text, is_plain)                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1, is_plain                                                   \
	}
static const struct message messages[] = {
	MESSAGE("accepted from user=", true),
	MESSAGE("say \"hi\"\t\\ 100% & more=", false),
	MESSAGE("broken \xff byte, \xe2\x82\xac", false),
};

/* Writes n of them, in turns. */
static void write_packet(enum format_id format, struct writing *w, const char *id, unsigned n,
			 struct buf *out)
{
	const struct writer *writer = writer_get(format);

	writer_begin(writer, w, out, id, TS_MS);
	for (unsigned i = 0; i < n; i++)
		writer_add(writer, w, &messages[i % ARRAY_LEN(messages)]);
	assert_int_equal(writer_end(writer, w), 0);
}

/* As a node reads it, told its path and media type alone. Frees nothing of `out`. */
static void read_packet(enum format_id format, const struct buf *packet, unsigned n,
			struct buf *json)
{
	const char *path = writer_get(format)->path, *media_type = format_get(format)->media_type;
	size_t n_path = strcspn(path, "?");
	struct format_body body = { packet->data, packet->len, { path, n_path }, { NULL, 0 } };
	struct format_sink sink = { json, 1 << 20, false, 0 };
	struct json_packet found;
	enum format_family family;

	assert_non_null(format_route_find(path, n_path, &family));
	if (format != FORMAT_JSON_LINES || n > 1) /* one line is a document as well */
		assert_int_equal(
			format_detect(family, &body,
				      (struct format_slice){ media_type, strlen(media_type) }),
			format);
	assert_int_equal(format_read(format, &body, &sink), 0);
	assert_int_equal(sink.n_messages, n);
	if (format_get(format)->is_json)
		buf_append(json, packet->data, packet->len);
	assert_int_equal(json_packet_read(json->data, json->len, JSON_MAX_DEPTH, &found), 0);
	assert_int_equal(found.n_messages, n);
}

/* How often the text stands in the JSON. */
static unsigned count(struct buf *json, const char *text)
{
	const char *at = buf_str(json);
	unsigned n = 0;

	while ((at = strstr(at, text))) {
		at += strlen(text);
		n++;
	}
	return n;
}

static void check_format(enum format_id format, unsigned n)
{
	struct writing w = { 0 };
	struct buf packet = { 0 }, json = { 0 };
	char id[32];
	bool is_line = format == FORMAT_TEXT || format == FORMAT_HEC_RAW ||
		       format == FORMAT_LOKI_JSON || format == FORMAT_LOKI_PROTO;

	write_packet(format, &w, "x-0", n, &packet); /* what it leaves behind is no harm */
	write_packet(format, &w, "x-17", n, &packet);
	read_packet(format, &packet, n, &json);
	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "x-17/%u%c", i, is_line ? ' ' : '"');
		assert_int_equal(count(&json, id), format == FORMAT_JSON ? 0 : 1);
	}
	assert_int_equal(count(&json, "accepted from user="), (n + 2) / 3);
	assert_int_equal(count(&json, "100% & more="), (n + 1) / 3);
	assert_int_equal(count(&json, "byte, \xe2\x82\xac"), n / 3);
	writing_deinit(&w);
	buf_deinit(&packet);
	buf_deinit(&json);
}

static void every_format_is_read_back_with_each_message_and_its_id(void **state UNUSED)
{
	static const unsigned sizes[] = { 1, 2, 3, 9, 1000 };

	for (enum format_id format = 0; format < FORMATS_OF_HTTP; format++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			if (!writer_get(format)->has_one_message || sizes[i] == 1)
				check_format(format, sizes[i]);
}

static void texts_of_any_length_are_read_back(void **state UNUSED)
{
	static const size_t lengths[] = { 1,   31,    32,    100,   127,   128,   255,
					  256, 16383, 16384, 65535, 65536, 200000 };
	static char text[200000];

	memset(text, 'x', sizeof(text));
	for (enum format_id format = 0; format < FORMATS_OF_HTTP; format++) {
		for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
			const struct writer *writer = writer_get(format);
			const struct message m = { text, lengths[i], true };
			struct writing w = { 0 };
			struct buf packet = { 0 }, json = { 0 };

			writer_begin(writer, &w, &packet, "x-1", TS_MS);
			writer_add(writer, &w, &m);
			assert_int_equal(writer_end(writer, &w), 0);
			read_packet(format, &packet, 1, &json);
			assert_true(json.len > lengths[i]);
			writing_deinit(&w);
			buf_deinit(&packet);
			buf_deinit(&json);
		}
	}
}

static void times_are_those_of_the_packet(void **state UNUSED)
{
	static const struct {
		enum format_id format;
		const char *text;
	} cases[] = {
		{ FORMAT_JSON, "\"ts\":1767323045678," },
		{ FORMAT_MSGPACK, "\"timestamp\":1767323045.678000000" },
		{ FORMAT_OTLP_JSON, "\"timeUnixNano\":\"1767323045678000000\"" },
		{ FORMAT_OTLP_PROTO, "\"timeUnixNano\":\"1767323045678000000\"" },
		{ FORMAT_LOKI_JSON, "\"1767323045678000000\"" },
		{ FORMAT_LOKI_PROTO, "\"1767323045678000000\"" },
		{ FORMAT_HEC, "\"time\":1767323045.678," },
		{ FORMAT_GELF, "\"timestamp\":1767323045.678," },
		{ FORMAT_JOURNAL, "\"__REALTIME_TIMESTAMP\":\"1767323045678000\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct writing w = { 0 };
		struct buf packet = { 0 }, json = { 0 };

		write_packet(cases[i].format, &w, "x-1", 1, &packet);
		read_packet(cases[i].format, &packet, 1, &json);
		assert_int_equal(count(&json, cases[i].text), 1);
		writing_deinit(&w);
		buf_deinit(&packet);
		buf_deinit(&json);
	}
}

static void lines_of_syslog_are_of_rfc_5424(void **state UNUSED)
{
	static const char expected[] =
		"<14>1 2026-01-02T03:04:05.678Z weir-loadgen weir-loadgen - - - x-1/0 accepted from user=\n";
	struct writing w = { 0 };
	struct buf packet = { 0 };

	write_packet(FORMAT_SYSLOG, &w, "x-1", 1, &packet);
	assert_string_equal(buf_str(&packet), expected);
	writing_deinit(&w);
	buf_deinit(&packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_read_back_with_each_message_and_its_id),
		cmocka_unit_test(texts_of_any_length_are_read_back),
		cmocka_unit_test(times_are_those_of_the_packet),
		cmocka_unit_test(lines_of_syslog_are_of_rfc_5424),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
