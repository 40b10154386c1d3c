/* The shim over simdjson, and the only C++ here. Error codes throughout; nothing throws. */
#define SIMDJSON_EXCEPTIONS 0
#include "node/packet/json_count.h"

#include <simdjson.h>

#include <cstring>
#include <new>

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

static enum json_verdict count_document(dom::element document, uint32_t *n_messagesp)
{
	dom::array array;
	dom::object object;

	if (!document.get(array))
		return count_array(array, n_messagesp);
	if (document.get(object))
		return JSON_NO_OBJECT;
	if (!object["messages"].get(array))
		return count_array(array, n_messagesp);
	*n_messagesp = 1;
	return JSON_OK;
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
