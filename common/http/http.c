#include "common/http/http.h"

#define INFO(id, status, name, detail) [id] = { status, name, detail },
const struct http_refusal_info http_refusals[] = {
	[HTTP_OK] = { 200, "ok", "The request is well-formed." }, HTTP_REFUSAL_TABLE(INFO)
};
static_assert(ARRAY_LEN(http_refusals) == HTTP_REFUSALS, "every refusal has a row");

const char *const http_method_names[] = {
	[HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",       [HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",         [HTTP_DELETE] = "DELETE",   [HTTP_PATCH] = "PATCH",
	[HTTP_OPTIONS] = "OPTIONS", [HTTP_CONNECT] = "CONNECT", [HTTP_TRACE] = "TRACE",
};
static_assert(ARRAY_LEN(http_method_names) == HTTP_METHODS, "every method has a name");
