/* The words and numbers of http_reader.h: methods by name, refusals by status. */
#include "node/http/http_reader.h"

const char *const http_method_names[HTTP_METHODS] = {
	[HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",       [HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",         [HTTP_DELETE] = "DELETE",   [HTTP_PATCH] = "PATCH",
	[HTTP_OPTIONS] = "OPTIONS", [HTTP_CONNECT] = "CONNECT", [HTTP_TRACE] = "TRACE",
};
static_assert(HTTP_METHODS == 9, "a method without a name");

const struct http_refusal_info http_refusals[HTTP_REFUSALS] = {
	[HTTP_OK] = { 200, "ok", "The request is well-formed." },
	[HTTP_BAD_REQUEST_LINE] = { 400, "bad_request_line",
				    "The request line is not METHOD SP target SP HTTP/1.1 CRLF." },
	[HTTP_BAD_HEADER] = { 400, "bad_header",
			      "A header field is malformed, repeated, or not allowed here." },
	[HTTP_BAD_HOST] = { 400, "bad_host",
			    "There must be exactly one Host field, naming a host." },
	[HTTP_BAD_LENGTH] = { 400, "bad_length",
			      "Content-Length must be one decimal number below 2^63." },
	[HTTP_LENGTH_AND_CHUNKED] = { 400, "length_and_chunked",
				      "Content-Length and Transfer-Encoding exclude each other." },
	[HTTP_BAD_CHUNK] = { 400, "bad_chunk", "The chunked body is malformed." },
	[HTTP_HEADER_TOO_LARGE] = { 431, "header_too_large",
				    "The header section, a chunk's line or the trailers are too large." },
	[HTTP_BODY_TOO_LARGE] = { 413, "body_too_large", "The body is larger than allowed here." },
	[HTTP_LENGTH_REQUIRED] = { 411, "length_required",
				   "Content-Length or a chunked body is needed." },
	[HTTP_UNKNOWN_EXPECTATION] = { 417, "unknown_expectation",
				       "The only expectation that is met here is 100-continue." },
	[HTTP_UNKNOWN_ENCODING] = { 501, "unknown_encoding",
				    "The only transfer coding known here is chunked, once." },
	[HTTP_UNKNOWN_METHOD] = { 501, "unknown_method", "The method is not known here." },
	[HTTP_UNKNOWN_VERSION] = { 505, "unknown_version",
				   "Only HTTP/1.1 and HTTP/1.0 are spoken here." },
};
static_assert(HTTP_REFUSALS == 14, "a refusal without a status");
