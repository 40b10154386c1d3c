/* The shim over simdjson, and the only C++ here. Error codes throughout; nothing throws. */
#define SIMDJSON_EXCEPTIONS 0
#include "node/json_count.h"

#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "node/json_number.h"

using namespace simdjson;

const size_t json_count_padding = SIMDJSON_PADDING;

static const size_t keep_capacity = 1 << 20; /* what a larger body needs is released after it */
static const size_t saturated = 0xFFFFFF; /* dom::array::size() says this of any larger array too */

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
	while (capacity < len && capacity < keep_capacity)
		capacity *= 2;
	if (capacity < len)
		capacity = len;
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
	size_t n = array.size();

	if (n == saturated) {
		n = 0;
		for (auto element = array.begin(); element != array.end(); ++element)
			n++;
	}
	*n_messagesp = static_cast<uint32_t>(n);
	return n > 0 ? JSON_OK : JSON_NO_MESSAGES;
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

static error_code parse_shrunk(json_counter *counter, const char *body, size_t len,
			       dom::element *documentp)
{
	std::unique_ptr<char, decltype(&std::free)> copy(
		static_cast<char *>(std::malloc(len + SIMDJSON_PADDING)), std::free);

	if (!copy)
		return MEMALLOC;
	std::memcpy(copy.get(), body, len);
	if (!json_shrink_numbers(copy.get(), len))
		return NUMBER_ERROR;
	return counter->parser.parse(copy.get(), len, false).get(*documentp);
}

/* simdjson does not define which error a document gets, so any may be due to a huge number. */
static error_code parse(json_counter *counter, const char *body, size_t len,
			dom::element *documentp)
{
	error_code error;

	if (len == 0)
		return EMPTY;
	if (!reserve(counter, len))
		return MEMALLOC;
	/* Newer simdjsons skip it. */
	if (len >= 3 && std::memcmp(body, "\xEF\xBB\xBF", 3) == 0)
		return UTF8_ERROR;
	error = counter->parser.parse(body, len, false).get(*documentp);
	return error && error != MEMALLOC ? parse_shrunk(counter, body, len, documentp) : error;
}

enum json_verdict json_count(struct json_counter *counter, const char *body, size_t len,
			     uint32_t *n_messagesp)
{
	dom::element document;
	error_code error = parse(counter, body, len, &document);
	enum json_verdict verdict;

	if (error)
		verdict = error == MEMALLOC ? JSON_NO_MEMORY : JSON_BAD_SYNTAX;
	else
		verdict = count_document(document, n_messagesp);
	if (counter->capacity > keep_capacity) {
		counter->parser = dom::parser();
		counter->capacity = 0;
	}
	return verdict;
}
