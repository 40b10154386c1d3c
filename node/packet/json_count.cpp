/* The shim over simdjson, and the only C++ here. Error codes throughout; nothing throws. */
#define SIMDJSON_EXCEPTIONS 0
#include "node/packet/json_count.h"

#include <simdjson.h>

#include <memory>
#include <new>

extern "C" {
#include "common/json/json_packet.h"
}
#include "node/packet/json_walk.h"

using namespace simdjson;

const size_t json_count_padding = SIMDJSON_PADDING;

static const size_t max_indexed = 1 << 20; /* bytes of a body that simdjson gets */

struct json_counter {
	std::unique_ptr<internal::dom_parser_implementation>
		parser; /* with room for `capacity` bytes of body */
	size_t capacity = 0;
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
	counter->parser.reset();
	if (get_active_implementation()->create_dom_parser_implementation(capacity, 1,
									  counter->parser)) {
		counter->parser.reset();
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

/* Its first stage finds the tokens. It has checked UTF-8 and the ends of strings then. */
static bool find_tokens(json_counter *counter, const char *body, size_t len)
{
	return !counter->parser->stage1(reinterpret_cast<const uint8_t *>(body), len,
					stage1_mode::regular);
}

/* Whatever is no packet is looked at once more, for agents drop what is refused: the scanner says why. */
enum json_verdict json_count(struct json_counter *counter, const char *body, size_t len,
			     uint32_t *n_messagesp)
{
	if (len == 0 || len > max_indexed)
		return scan(body, len, n_messagesp);
	if (!reserve(counter, len))
		return JSON_NO_MEMORY;
	if (!find_tokens(counter, body, len) ||
	    !json_walk(body, len, counter->parser->structural_indexes.get(),
		       counter->parser->n_structural_indexes, n_messagesp))
		return scan(body, len, n_messagesp);
	return JSON_OK;
}
