#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/format/format.h"
#include "common/format/format_bulk.h"
#include "common/json/json_packet.h"

struct read_case {
	const char *title;
	enum format_id format;
	const char *body;
	size_t len; /* 0: of the string */
	int result;
	uint64_t n_messages;
	const char *json; /* NULL: as it came */
	const char *path, *query;
};

#define BYTES(text) text, sizeof(text) - 1
#define TEXT(text) text, 0
#define MESSAGES(list) "{\"messages\":[" list "]}"

/* clang-format off */
static const struct read_case cases[] = {
	{"JSON stays as it came", FORMAT_JSON, TEXT("{\"logs\":[1,2]}"), 0, 2, NULL},
	{"lines of JSON keep their bytes", FORMAT_JSON_LINES, TEXT("{\"a\": 1}\r\n\n {\"b\":2}"), 0, 2, MESSAGES("{\"a\": 1},{\"b\":2}")},
	{"values need nothing between them", FORMAT_JSON_LINES, TEXT("{}{\"a\":\"}{\"}[1]"), 0, 3, MESSAGES("{},{\"a\":\"}{\"},[1]")},
	{"envelopes of OTLP behind each other are one", FORMAT_JSON_LINES, TEXT("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{}]}]}]}\n{\"resourceLogs\":[ ]}\r\n{\"resource\\u004cogs\":[ {\"scopeLogs\":[{\"logRecords\":[1]}]},{} ],\"x\":1}"), 0, 3,
	 "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{}]}]},{\"scopeLogs\":[{\"logRecords\":[1]}]},{}]}"},
	{"so are those of Loki", FORMAT_JSON_LINES, TEXT("{\"streams\":[{\"values\":[[\"1\",\"a\"]]}]}{\"streams\":[{\"values\":[[\"2\",\"b\"]]}]}"), 0, 2, "{\"streams\":[{\"values\":[[\"1\",\"a\"]]},{\"values\":[[\"2\",\"b\"]]}]}"},
	{"an envelope beside something else is a value", FORMAT_JSON_LINES, TEXT("{\"streams\":[{\"values\":[[\"1\",\"a\"]]}]}{\"a\":1}"), 0, 2, MESSAGES("{\"streams\":[{\"values\":[[\"1\",\"a\"]]}]},{\"a\":1}")},
	{"empty envelopes hold no messages", FORMAT_JSON_LINES, TEXT("{\"streams\":[]}{\"streams\":[{\"values\":[]}]}"), FORMAT_E_EMPTY, 0, NULL},
	{"a scalar is no line of JSON", FORMAT_JSON_LINES, TEXT("{}\n1\n"), FORMAT_E_SYNTAX, 1, NULL},
	{"half a line is no JSON", FORMAT_JSON_LINES, TEXT("{}\n{\"a\":"), FORMAT_E_SYNTAX, 1, NULL},
	{"blanks hold no messages", FORMAT_JSON_LINES, TEXT(" \n"), FORMAT_E_EMPTY, 0, NULL},
	{"lines of text are messages", FORMAT_TEXT, TEXT("a\r\n\n\"b\"\\\n\r\nc"), 0, 3, MESSAGES("{\"message\":\"a\"},{\"message\":\"\\\"b\\\"\\\\\"},{\"message\":\"c\"}")},
	{"bytes that are no UTF-8 are replaced", FORMAT_TEXT, BYTES("\xff" "a\0b"), 0, 1, MESSAGES("{\"message\":\"\xEF\xBF\xBD" "a\\u0000b\"}")},
	{"a form is one message", FORMAT_FORM, TEXT("name=shop&msg=a+b%21%zz&&x"), 0, 1, MESSAGES("{\"name\":\"shop\",\"msg\":\"a b!%zz\",\"x\":\"\"}")},
	{"what has no field is no form", FORMAT_FORM, TEXT("hello"), FORMAT_E_SYNTAX, 0, NULL},
	{"Fluent Bit's events have a time and metadata", FORMAT_MSGPACK, BYTES("\x92\x92\xd7\x00\x00\x00\x00\x05\x00\x00\x00\x07\x80\x81\xa3log\xa1x"), 0, 1, MESSAGES("{\"timestamp\":5.000000007,\"log\":\"x\"}")},
	{"metadata is kept where there is some", FORMAT_MSGPACK, BYTES("\x92\x92\x05\x81\xa1k\xc3\x81\xa1m\xc0"), 0, 1, MESSAGES("{\"timestamp\":5,\"metadata\":{\"k\":true},\"m\":null}")},
	{"a record's own time goes before", FORMAT_MSGPACK, BYTES("\x92\x05\x81\xa9timestamp\xff"), 0, 1, MESSAGES("{\"timestamp\":-1}")},
	{"an array holds events and values", FORMAT_MSGPACK, BYTES("\x93\x92\x05\x80\x81\xa1" "a\x92\x01\x02\xa1z"), 0, 3, MESSAGES("{\"timestamp\":5},{\"a\":[1,2]},\"z\"")},
	{"maps follow each other", FORMAT_MSGPACK, BYTES("\x81\x01\xcb\x7f\xf8\0\0\0\0\0\0\x81\xc0\xd1\xff\x00"), 0, 2, MESSAGES("{\"1\":null},{\"null\":-256}")},
	{"a length beyond the bytes is refused", FORMAT_MSGPACK, BYTES("\x81\xa1" "a\xdb\xff\xff\xff\xffx"), FORMAT_E_SYNTAX, 1, NULL},
	{"so is a count beyond them", FORMAT_MSGPACK, BYTES("\xdd\xff\xff\xff\xff\x01"), FORMAT_E_SYNTAX, 0, NULL},
	{"OTLP/JSON is counted by its records", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{}]}]}]}"), 0, 2, NULL},
	{"OTLP/JSON may be empty", FORMAT_OTLP_JSON, TEXT("{}"), FORMAT_E_EMPTY, 0, NULL},
	{"so may its envelope", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":[{\"resource\":{\"attributes\":[]},\"scopeLogs\":[{\"scope\":{},\"logRecords\":[]},{\"logRecords\":null}]}],\"x\":[1]}"), FORMAT_E_EMPTY, 0, NULL},
	{"or be null", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":null}"), FORMAT_E_EMPTY, 0, NULL},
	{"but no other type", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":{\"scopeLogs\":[]}}"), FORMAT_E_SYNTAX, 0, NULL},
	{"records beside something that is no object are not passed over", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":[1,{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"nor are those in an object in place of an array", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":[{\"scopeLogs\":{\"logRecords\":[{}]}}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"nor those under an older name", FORMAT_OTLP_JSON, TEXT("{\"resourceLogs\":[{\"instrumentationLibraryLogs\":[{\"logRecords\":[{}]}]}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"nor those of another spelling", FORMAT_OTLP_JSON, TEXT("{\"resource_logs\":[{\"scope_logs\":[{\"log_records\":[{}]}]}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"an array is no OTLP", FORMAT_OTLP_JSON, TEXT(" [] "), FORMAT_E_SYNTAX, 0, NULL},
	{"another envelope is no OTLP", FORMAT_OTLP_JSON, TEXT("{\"streams\":[{\"values\":[1]}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"OTLP protobuf becomes OTLP/JSON", FORMAT_OTLP_PROTO,
	 BYTES("\x0a\x36\x0a\x0d\x0a\x0b\x0a\x01k\x12\x06\x0a\x04" "shop\x12\x25\x0a\x03\x0a\x01s\x12\x1e\x09\x01\0\0\0\0\0\0\0\x10\x09\x2a\x04\x0a\x02hi\x4a\x02\xab\x01\x32\x07\x0a\x01n\x12\x02\x18\x03"),
	 0, 1, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":{\"stringValue\":\"shop\"}}]},\"scopeLogs\":[{\"scope\":{\"name\":\"s\"},\"logRecords\":[{\"timeUnixNano\":\"1\",\"severityNumber\":9,\"body\":{\"stringValue\":\"hi\"},\"traceId\":\"ab01\",\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"3\"}}]}]}]}]}"},
	{"fields of one name are one array, wherever they stand", FORMAT_OTLP_PROTO, BYTES("\x0a\x08\x12\x02\x12\x00\x1a\x00\x12\x00\x78\x01\x0a\x00"), 0, 1, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]},{}],\"schemaUrl\":\"\"},{}]}"},
	{"a field that comes again after another one is not lost", FORMAT_OTLP_PROTO, BYTES("\x0a\x12\x12\x10\x12\x0e\x32\x03\x0a\x01" "a\x1a\x01w\x32\x04\x0a\x02" "bc"), 0, 1, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityText\":\"w\",\"attributes\":[{\"key\":\"a\"},{\"key\":\"bc\"}]}]}]}]}"},
	{"of a field that comes twice, the last one counts", FORMAT_OTLP_PROTO, BYTES("\x0a\x0a\x12\x08\x12\x06\x1a\x01w\x1a\x01" "e"), 0, 1, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityText\":\"e\"}]}]}]}"},
	{"but the first one must be well-formed, too", FORMAT_OTLP_PROTO, BYTES("\x0a\x0d\x12\x0b\x12\x09\x2a\x02\x0a\x07\x2a\x03\x0a\x01" "a"), FORMAT_E_SYNTAX, 0, NULL},
	{"of several values, the last one counts", FORMAT_OTLP_PROTO, BYTES("\x0a\x0d\x12\x0b\x12\x09\x2a\x07\x0a\x01" "a\x18\x07\x10\x01"), 0, 1, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"boolValue\":true}}]}]}]}"},
	{"fields of something else stand anywhere", FORMAT_OTLP_PROTO, BYTES("\x0a\x0f\x12\x0d\x12\x02\x78\x01\x78\x07\x12\x05\x1a\x01w\x78\x02"), 0, 2, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{\"severityText\":\"w\"}]}]}]}"},
	{"a number of another type is something else", FORMAT_OTLP_PROTO, BYTES("\x0a\x09\x12\x07\x12\x05\x0d\x01\x02\x03\x04"), 0, 1, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}"},
	{"a protobuf may be empty", FORMAT_OTLP_PROTO, BYTES("\x0a\x00"), FORMAT_E_EMPTY, 0, NULL},
	{"a protobuf that has only fields of something else is refused", FORMAT_OTLP_PROTO, BYTES("\x12\x02hi\x18\x01"), FORMAT_E_SYNTAX, 0, NULL},
	{"records under an older number are not passed over", FORMAT_OTLP_PROTO, BYTES("\x0a\x05\xc2\x3e\x02\x12\x00"), FORMAT_E_SYNTAX, 0, NULL},
	{"nor are those of another type", FORMAT_OTLP_PROTO, BYTES("\x0a\x04\x12\x02\x10\x01"), FORMAT_E_SYNTAX, 0, NULL},
	{"empty envelopes with all that they may have hold none", FORMAT_OTLP_PROTO, BYTES("\x0a\x0b\x0a\x00\x12\x05\x0a\x00\x1a\x01u\x1a\x00"), FORMAT_E_EMPTY, 0, NULL},
	{"a protobuf that is cut off is refused", FORMAT_OTLP_PROTO, BYTES("\x0a\x05\x12\x02"), FORMAT_E_SYNTAX, 0, NULL},
	{"Loki's streams are counted by their values", FORMAT_LOKI_JSON, TEXT("{\"streams\":[{\"stream\":{},\"values\":[[\"1\",\"x\"],[\"2\",\"y\"]]}]}"), 0, 2, NULL},
	{"Loki's JSON may be empty", FORMAT_LOKI_JSON, TEXT("{\"streams\":[{\"stream\":{},\"values\":[]}]}"), FORMAT_E_EMPTY, 0, NULL},
	{"but streams of another shape are refused", FORMAT_LOKI_JSON, TEXT("{\"streams\":[1,{\"values\":[[\"1\",\"x\"]]}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"so are values that are no array", FORMAT_LOKI_JSON, TEXT("{\"streams\":[{\"values\":{}}]}"), FORMAT_E_SYNTAX, 0, NULL},
	{"so is what has no streams", FORMAT_LOKI_JSON, TEXT("{\"message\":\"x\"}"), FORMAT_E_SYNTAX, 0, NULL},
	{"Loki's protobuf without streams is none", FORMAT_LOKI_PROTO, BYTES("\x12\x02hi"), FORMAT_E_SYNTAX, 0, NULL},
	{"Loki's protobuf becomes its JSON", FORMAT_LOKI_PROTO, BYTES("\x0a\x22\x0a\x07{a=\"b\"}\x12\x0a\x0a\x04\x08\x02\x10\x03\x12\x02hi\x12\x0b\x12\x01x\x1a\x06\x0a\x01k\x12\x01v"), 0, 2,
	 "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"2000000003\",\"hi\"],[\"0\",\"x\",{\"k\":\"v\"}]]}]}"},
	{"HEC takes objects, also in an array", FORMAT_HEC, TEXT("{\"event\":1}[{\"event\":2},{\"x\":3}]\n{}"), 0, 4, MESSAGES("{\"event\":1},{\"event\":2},{\"x\":3},{}")},
	{"HEC says how many were right", FORMAT_HEC, TEXT("{\"event\":1}{\"event\":}"), FORMAT_E_SYNTAX, 1, NULL},
	{"HEC's raw lines have what the query says", FORMAT_HEC_RAW, TEXT("a\nb"), 0, 2, MESSAGES("{\"event\":\"a\",\"host\":\"h 1\",\"index\":\"i\"},{\"event\":\"b\",\"host\":\"h 1\",\"index\":\"i\"}"), "/services/collector/raw", "index=i&host=h%201&x=y"},
	{"_bulk: what stands behind an action is passed over", FORMAT_BULK, TEXT("{\"index\":{\"_index\":\"a\"},\"attempts\":0}\n{\"m\":1}\n"), 0, 1,
	 MESSAGES("{\"action\":\"index\",\"index\":\"a\",\"document\":{\"m\":1}}"), "/_bulk", ""},
	{"_bulk: an action stands first", FORMAT_BULK, TEXT("{\"attempts\":0,\"index\":{}}\n{\"m\":1}\n"), FORMAT_E_SYNTAX, 0, "", "/_bulk", ""},
	{"_bulk: /_doc is the type, and no index", FORMAT_BULK, TEXT("{\"create\":{}}\n{}\n"), 0, 1,
	 MESSAGES("{\"action\":\"create\",\"index\":\"shop\",\"document\":{}}"), "/shop/_doc/_bulk", ""},
	{"_bulk has actions and documents", FORMAT_BULK, TEXT("{\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"m\":1}\n{\"delete\":{\"_id\":2}}\n{\"create\":{}}\n{ }\n"), 0, 3,
	 MESSAGES("{\"action\":\"index\",\"index\":\"a\",\"id\":\"1\",\"document\":{\"m\":1}},{\"action\":\"delete\",\"index\":\"shop\",\"id\":2},{\"action\":\"create\",\"index\":\"shop\",\"document\":{ }}"), "/x/shop/_bulk/", ""},
	{"an action without its document is refused", FORMAT_BULK, TEXT("{\"index\":{}}\n"), FORMAT_E_SYNTAX, 0, NULL},
	{"so is an unknown action", FORMAT_BULK, TEXT("{\"drop\":{}}\n{}\n"), FORMAT_E_SYNTAX, 0, NULL},
	{"so are two at once", FORMAT_BULK, TEXT("{\"index\":{},\"delete\":{}}\n{}\n"), FORMAT_E_SYNTAX, 0, NULL},
	{"GELF is one object, or more", FORMAT_GELF, TEXT("{\"version\":\"1.1\"}\n{}"), 0, 2, MESSAGES("{\"version\":\"1.1\"},{}")},
	{"also in an array", FORMAT_GELF, TEXT("[{\"a\":1},{\"b\":2}]\r\n{}"), 0, 3, MESSAGES("{\"a\":1},{\"b\":2},{}")},
	{"journal entries end with an empty line", FORMAT_JOURNAL, BYTES("A=1\nB=x=y\n\n\nA\n\x03\0\0\0\0\0\0\0\n\n\"\nC=\n"), 0, 2, MESSAGES("{\"A\":\"1\",\"B\":\"x=y\"},{\"A\":\"\\n\\n\\\"\",\"C\":\"\"}")},
	{"fields of one name are an array", FORMAT_JOURNAL, TEXT("A=1\nA=2\nB=3\n"), 0, 1, MESSAGES("{\"A\":[\"1\",\"2\"],\"B\":\"3\"}")},
	{"a binary field beyond the end is refused", FORMAT_JOURNAL, BYTES("A\n\xff\xff\xff\xff\xff\xff\xff\xff\n"), FORMAT_E_SYNTAX, 1, NULL},
	{"records of Kafka's REST proxy are counted", FORMAT_KAFKAREST, TEXT("{\"records\":[{\"value\":1},{\"value\":2}]}"), 0, 2, NULL},
	{"what has no records is none of its", FORMAT_KAFKAREST, TEXT("{\"a\":1}"), FORMAT_E_SYNTAX, 0, NULL},
	{"syslog has lines and counted frames", FORMAT_SYSLOG, TEXT("<13>a\n5 <1>b\n6 <1>c\nd<34>1 - - su - - [x a=\"1\" b=\"\\\"\" a=\"2\"] t"), 0, 4,
	 MESSAGES("{\"message\":\"a\",\"pri\":13,\"facility\":\"user\",\"severity\":\"notice\"},{\"message\":\"b\",\"pri\":1,\"facility\":\"kern\",\"severity\":\"alert\"},{\"message\":\"c\\nd\",\"pri\":1,\"facility\":\"kern\",\"severity\":\"alert\"},"
		  "{\"message\":\"t\",\"pri\":34,\"facility\":\"auth\",\"severity\":\"crit\",\"version\":1,\"app_name\":\"su\",\"structured_data\":{\"x\":{\"a\":[\"1\",\"2\"],\"b\":\"\\\"\"}}}")},
	{"a message without a host has that of the query", FORMAT_SYSLOG, TEXT("<0>Nov 28 16:30:34 vm root: x\nhello"), 0, 2,
	 MESSAGES("{\"message\":\"x\",\"pri\":0,\"facility\":\"kern\",\"severity\":\"emerg\",\"timestamp\":\"Nov 28 16:30:34\",\"hostname\":\"vm\",\"app_name\":\"root\"},{\"message\":\"hello\",\"hostname\":\"10.0.0.1\"}"), "/", "host=10.0.0.1"},
	{"empty lines are no messages", FORMAT_SYSLOG, TEXT("\n\r\n"), FORMAT_E_EMPTY, 0, NULL},
	{"a frame that is cut off is refused", FORMAT_SYSLOG, TEXT("<13>a\n9 <1>b"), FORMAT_E_SYNTAX, 1, NULL},
	{"the forward protocol has messages", FORMAT_FORWARD, BYTES("\x93\xa1t\x05\x81\xa1k\xa1v\x94\xa1u\xd7\0\0\0\0\1\0\0\0\2\x80\x81\xa5" "chunk\xa1x"), 0, 2, MESSAGES("{\"tag\":\"t\",\"timestamp\":5,\"k\":\"v\"},{\"tag\":\"u\",\"timestamp\":1.000000002}")},
	{"entries in an array, with metadata or without", FORMAT_FORWARD, BYTES("\x92\xa1t\x92\x92\x92\x05\x81\xa1m\x01\x80\x92\x06\x81\xa3tag\xa1o"), 0, 2, MESSAGES("{\"tag\":\"t\",\"timestamp\":5,\"metadata\":{\"m\":1}},{\"timestamp\":6,\"tag\":\"o\"}")},
	{"entries packed in bytes", FORMAT_FORWARD, BYTES("\x93\xa1t\xc4\x06\x92\x05\x80\x92\x06\x80\x81\xa4size\x02"), 0, 2, MESSAGES("{\"tag\":\"t\",\"timestamp\":5},{\"tag\":\"t\",\"timestamp\":6}")},
	{"what is no event is refused", FORMAT_FORWARD, BYTES("\x92\xa1t\xc4\x02\x92\x05"), FORMAT_E_SYNTAX, 0, NULL},
	{"so is a message without its record", FORMAT_FORWARD, BYTES("\x92\xa1t\x05"), FORMAT_E_SYNTAX, 0, NULL},
	{"entries may be none", FORMAT_FORWARD, BYTES("\x92\xa1t\x90"), FORMAT_E_EMPTY, 0, NULL},
};
/* clang-format on */

static struct format_body body_of(const struct read_case *c)
{
	struct format_body body = {
		c->body, c->len ? c->len : strlen(c->body), { "", 0 }, { "", 0 }
	};

	if (c->path)
		body.path = (struct format_slice){ c->path, strlen(c->path) };
	if (c->query)
		body.query = (struct format_slice){ c->query, strlen(c->query) };
	return body;
}

static void test_case(void **state)
{
	const struct read_case *c = *state;
	struct format_body body = body_of(c);
	struct buf out = { 0 };
	struct format_sink sink = { &out, 1u << 20, false, 0 }, counting = { 0 };

	assert_int_equal(format_read(c->format, &body, &sink), c->result);
	assert_int_equal(format_read(c->format, &body, &counting), c->result);
	if (c->result != FORMAT_E_SYNTAX)
		assert_int_equal(sink.n_messages, c->n_messages);
	assert_int_equal(counting.n_messages, sink.n_messages);
	if (c->result == 0 && c->json)
		assert_string_equal(buf_str(&out), c->json);
	if (c->result == 0)
		assert_true(format_get(c->format)->is_json == !c->json);
	buf_deinit(&out);
}

static void test_depth(void **state)
{
	char body[2048];
	struct format_sink sink = { 0 };

	(void)state;
	for (unsigned n = 100; n <= 500; n += 50) {
		struct format_body text = { body, 2 * n, { "", 0 }, { "", 0 } };
		struct format_body packed = { body + 2 * n, n + 1, { "", 0 }, { "", 0 } };

		memset(body, '[', n);
		memset(body + n, ']', n);
		memset(body + 2 * n, 0x91, n);
		body[3 * n] = '\0';
		assert_int_equal(format_read(FORMAT_JSON_LINES, &text, &sink),
				 n < 256 ? 0 : FORMAT_E_SYNTAX);
		assert_int_equal(format_read(FORMAT_MSGPACK, &packed, &sink),
				 n < 256 ? 0 : FORMAT_E_SYNTAX);
	}
}

/* Values of OTLP inside each other: as deep as JSON may be, and no deeper. */
static void test_otlp_depth(void **state)
{
	(void)state;
	for (unsigned n = 10; n <= 120; n += 10) {
		char body[2048];
		size_t at = sizeof(body), len = 0;
		struct buf out = { 0 };
		struct format_sink sink = { &out, 1u << 20, false, 0 };
		struct json_packet packet;
		int r;

		for (unsigned i = 0; i < 2 * n + 4; i++) {
			/* arrayValue and values in turn; at the top body, logRecords, scopeLogs, resourceLogs */
			static const char tags[] = { 0x2a, 0x12, 0x12, 0x0a };
			char tag = i < 2 * n ? (i % 2 ? 0x2a : 0x0a) : tags[i - 2 * n];

			if (len > 127)
				body[--at] = (char)(len >> 7);
			body[--at] = len > 127 ? (char)(len | 0x80) : (char)len;
			body[--at] = tag;
			len = sizeof(body) - at;
		}
		struct format_body otlp = { body + at, len, { "", 0 }, { "", 0 } };

		r = format_read(FORMAT_OTLP_PROTO, &otlp, &sink);
		assert_int_equal(r, n <= 80 ? 0 : FORMAT_E_SYNTAX);
		if (r == 0)
			assert_int_equal(
				json_packet_read(out.data, out.len, JSON_MAX_DEPTH, &packet), 0);
		buf_deinit(&out);
	}
}

static void test_too_large(void **state)
{
	static const char lines[] = "a\nb\nc\n";
	struct format_body body = { lines, 6, { "", 0 }, { "", 0 } };
	struct buf out = { 0 };
	struct format_sink sink = { &out, 40, false, 0 };

	(void)state;
	assert_int_equal(format_read(FORMAT_TEXT, &body, &sink), FORMAT_E_TOO_LARGE);
	assert_true(out.len <= 40);
	buf_deinit(&out);
}

static void test_items(void **state)
{
	static const char text[] =
		"{\"create\":{\"_id\":\"a\"}}\n{}\n{\"update\":{\"_index\":\"i\",\"_id\":7}}\n{}\n{\"delete\":{\"_id\":\"b\"}}\n";
	struct format_body body = { text, sizeof(text) - 1, { "/shop/_bulk", 11 }, { "", 0 } };
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(format_bulk_items(&body, 1, 100, &out), FORMAT_E_TOO_LARGE);
	buf_clear(&out);
	assert_int_equal(format_bulk_items(&body, 1, 1000, &out), 0);
	assert_string_equal(
		buf_str(&out),
		"{\"create\":{\"_index\":\"shop\",\"_id\":\"a\",\"_version\":1,\"result\":\"created\",\"status\":201}},"
		"{\"update\":{\"_index\":\"i\",\"_id\":7,\"_version\":1,\"result\":\"updated\",\"status\":200}},"
		"{\"delete\":{\"_index\":\"shop\",\"_id\":\"b\",\"_version\":1,\"result\":\"deleted\",\"status\":200}}");
	buf_deinit(&out);
}

/* For each line it would be read anew, for minutes, while nothing else is served: the alarm ends that. */
static void test_long_query(void **state)
{
	static char query[1 << 16], lines[1 << 19];
	const struct format_body body = {
		lines, sizeof(lines), { "", 0 }, { query, sizeof(query) }
	};
	struct buf out = { 0 };
	struct format_sink sink = { .out = &out, .max_bytes = SIZE_MAX };

	(void)state;
	memset(query, '&', sizeof(query));
	memcpy(query + sizeof(query) - 8, "&index=i", 8);
	for (size_t i = 0; i < sizeof(lines); i += 2)
		memcpy(lines + i, "a\n", 2);
	alarm(60);
	assert_int_equal(format_read(FORMAT_HEC_RAW, &body, &sink), 0);
	alarm(0);
	assert_int_equal(sink.n_messages, sizeof(lines) / 2);
	assert_non_null(strstr(buf_str(&out), "{\"event\":\"a\",\"index\":\"i\"}"));
	buf_deinit(&out);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < FORMATS; i++)
		assert_int_equal(format_find(format_names[i]), i);
	assert_int_equal(format_find("otlp"), FORMATS);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 6] = {
		[ARRAY_LEN(cases)] = { .name = "nothing is read deeper than it may be",
				       .test_func = test_depth },
		{ .name = "OTLP ends where JSON would be too deep", .test_func = test_otlp_depth },
		{ .name = "the JSON form ends at its limit", .test_func = test_too_large },
		{ .name = "each action of _bulk has an item", .test_func = test_items },
		{ .name = "a long query is read once, and not for each line",
		  .test_func = test_long_query },
		{ .name = "a format is found by its name", .test_func = test_names },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
