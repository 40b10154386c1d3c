/* The shim over simdjson, and the only C++ here. Error codes throughout; nothing throws. */
#define SIMDJSON_EXCEPTIONS 0
#include "node/packet/json_count.h"

#include <simdjson.h>

#include <cstring>
#include <new>
#include <string_view>

extern "C" {
#include "common/json/json_packet.h"
}

using namespace simdjson;

const size_t json_count_padding = SIMDJSON_PADDING;

static const size_t max_parsed = 256 << 10; /* bytes of a body that simdjson gets */

struct json_counter {
	dom::parser parser;
	size_t capacity = 0; /* bytes of body that the parser has room for */
};

/* Room for a body of `len` bytes. simdjson alone would grow again for every few bytes more. */
static bool reserve(json_counter *counter, size_t len)
{
	size_t capacity = 16384;

	if (len <= counter->capacity)
		return true;
	while (capacity < len)
		capacity *= 2;
	counter->capacity = 0;
	if (counter->parser.allocate(capacity, JSON_MAX_DEPTH + 1) ||
	    counter->parser.doc.allocate(capacity)) {
		counter->parser = dom::parser();
		return false;
	}
	counter->capacity = capacity;
	return true;
}

struct json_counter *json_counter_new(void)
{
	json_counter *counter = new (std::nothrow) json_counter;

	if (counter && !reserve(counter, 1)) {
		delete counter;
		return nullptr;
	}
	return counter;
}

void json_counter_free(struct json_counter *counter)
{
	delete counter;
}

static enum json_verdict count_array(dom::array array, uint32_t *n_messagesp)
{
	*n_messagesp = static_cast<uint32_t>(array.size()); /* exact: max_parsed < 2^24 elements */
	return *n_messagesp > 0 ? JSON_OK : JSON_NO_MESSAGES;
}

/* What an object in an envelope holds below its fields of these names, ended by nullptr. */
static uint64_t count_nested(dom::array array, const char *const *names, bool *is_brokenp)
{
	uint64_t n_messages = 0;
	bool is_broken = false;

	for (dom::element element : array) {
		dom::object object;
		dom::array below;

		if (element.get(object)) {
			is_broken = true;
			continue;
		}
		if (object[names[0]].get(below))
			continue;
		n_messages += names[1] ? count_nested(below, names + 1, nullptr) : below.size();
	}
	if (is_brokenp)
		*is_brokenp = is_broken;
	return n_messages;
}

static enum json_envelope find_envelope(std::string_view key)
{
	if (key.size() < JSON_ENVELOPE_MIN_NAME || key.size() > JSON_ENVELOPE_MAX_NAME)
		return JSON_ENVELOPE_NONE;
	for (int i = JSON_ENVELOPE_MESSAGES + 1; i < JSON_ENVELOPES; i++)
		if (key[0] == json_envelope_names[i][0] && key == json_envelope_names[i])
			return static_cast<enum json_envelope>(i);
	return JSON_ENVELOPE_NONE;
}

/* As json_packet.h says. */
static uint64_t count_envelope(enum json_envelope envelope, dom::array array, size_t n_fields)
{
	static const char *const otlp[] = { "scopeLogs", "logRecords", nullptr };
	static const char *const loki[] = { "values", nullptr };
	uint64_t n_messages;
	bool is_broken = false;

	if (!json_envelope_is_nested(envelope))
		return array.size() == 0 && n_fields > 1 ? 1 : array.size();
	n_messages =
		count_nested(array, envelope == JSON_ENVELOPE_STREAMS ? loki : otlp, &is_broken);
	return is_broken ? 1 : n_messages;
}

/* An object without an array "messages". */
static enum json_verdict count_others(dom::object object, uint32_t *n_messagesp)
{
	enum json_envelope chosen = JSON_ENVELOPE_NONE;
	dom::array array, found;
	unsigned seen = 0;
	size_t n_fields = 0;

	for (dom::key_value_pair field : object) {
		enum json_envelope envelope = find_envelope(field.key);
		bool is_repeated = seen >> envelope & 1;

		n_fields++;
		if (envelope == JSON_ENVELOPE_NONE || is_repeated)
			continue;
		seen |= 1u << envelope;
		if (chosen != JSON_ENVELOPE_NONE || field.value.get(found))
			continue;
		chosen = envelope;
		array = found;
	}
	*n_messagesp = 1;
	if (chosen != JSON_ENVELOPE_NONE)
		*n_messagesp = static_cast<uint32_t>(count_envelope(chosen, array, n_fields));
	return *n_messagesp > 0 ? JSON_OK : JSON_NO_MESSAGES;
}

static enum json_verdict count_object(dom::object object, uint32_t *n_messagesp)
{
	dom::array array;

	if (!object["messages"].get(array))
		return count_array(array, n_messagesp);
	return count_others(object, n_messagesp);
}

static enum json_verdict count_document(dom::element document, uint32_t *n_messagesp)
{
	dom::array array;
	dom::object object;

	if (!document.get(array))
		return count_array(array, n_messagesp);
	return document.get(object) ? JSON_NO_OBJECT : count_object(object, n_messagesp);
}

/* Slower, but in constant memory, and whatever the size of its numbers. */
static enum json_verdict scan(const char *body, size_t len, uint32_t *n_messagesp)
{
	struct json_packet packet;

	switch (json_packet_read(body, len, JSON_MAX_DEPTH, &packet)) {
	case 0:
		break;
	case JSON_PACKET_E_SCALAR:
		return JSON_NO_OBJECT;
	case JSON_PACKET_E_EMPTY:
		return JSON_NO_MESSAGES;
	default:
		return JSON_BAD_SYNTAX;
	}
	*n_messagesp = static_cast<uint32_t>(packet.n_messages);
	return JSON_OK;
}

/*
 * simdjson refuses numbers beyond 64 bits or a double, and does not define which error a document
 * gets: whatever it refuses is looked at once more, for agents drop what is refused.
 */
enum json_verdict json_count(struct json_counter *counter, const char *body, size_t len,
			     uint32_t *n_messagesp)
{
	dom::element document;

	if (len == 0 || len > max_parsed)
		return scan(body, len, n_messagesp);
	if (!reserve(counter, len))
		return JSON_NO_MEMORY;
	/* Newer simdjsons skip a byte order mark. */
	if ((len >= 3 && std::memcmp(body, "\xEF\xBB\xBF", 3) == 0) ||
	    counter->parser.parse(body, len, false).get(document))
		return scan(body, len, n_messagesp);
	return count_document(document, n_messagesp);
}
