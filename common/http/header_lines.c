#include "common/http/header_lines.h"

#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "common/http/http_text.h"

/* Those that frame a request, that end at the next hop, or that say what the body is. */
static const char *const kept_names[] = {
	"accept-encoding",
	"connection",
	"content-encoding",
	"content-length",
	"content-type",
	"expect",
	"host",
	"http2-settings",
	"keep-alive",
	"proxy-connection",
	"proxy-authenticate",
	"proxy-authorization",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
};

static bool is_same(struct http_slice a, struct http_slice b)
{
	return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static bool is_kept(struct http_slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(kept_names); i++)
		if (http_is_word(name, kept_names[i], strlen(kept_names[i])))
			return true;
	return name.len >= 5 &&
	       (strncasecmp(name.data, "weir-", 5) == 0 || strncasecmp(name.data, "grpc-", 5) == 0);
}

static bool is_visible(struct http_slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	return value.len > 0 && value.data[0] != ' ' && value.data[value.len - 1] != ' ';
}

const char *header_lines_check(struct http_slice name, struct http_slice value)
{
	const char *end = name.data + name.len;

	static_assert(HEADER_LINES_NAME_MAX == 64 && HEADER_LINES_VALUE_MAX == 4000,
		      "as the texts below say");
	if (name.len == 0 || name.len > HEADER_LINES_NAME_MAX ||
	    http_skip_kind(name.data, end, HTTP_TOKEN) != end)
		return "the name of a header has 1 to 64 letters, digits and ! # $ % & ' * + - . ^ _ ` | ~";
	if (is_kept(name))
		return "a header has a name that Weir itself uses or that ends at the next hop";
	if (value.len > HEADER_LINES_VALUE_MAX || !is_visible(value))
		return "the value of a header has 1 to 4000 printable ASCII characters, without spaces around them";
	return NULL;
}

const char *header_lines_split(const char *text, size_t len, struct http_slice *namep,
			       struct http_slice *valuep)
{
	const char *colon = memchr(text, ':', len);

	if (!colon)
		return "a header is written as Name: value";
	*namep = (struct http_slice){ text, (size_t)(colon - text) };
	*valuep = http_trim(colon + 1, text + len);
	return header_lines_check(*namep, *valuep);
}

bool header_lines_next(const char **atp, struct http_slice *namep)
{
	const char *at = *atp, *end;

	if (!at || !*at)
		return false;
	*namep = (struct http_slice){ at, strcspn(at, ":") };
	end = strstr(at, "\r\n");
	*atp = end ? end + 2 : at + strlen(at);
	return true;
}

/* The line of that name, NULL: there is none. */
static const char *find(const char *lines, struct http_slice name)
{
	const char *at = lines, *line = lines;
	struct http_slice its;

	for (; header_lines_next(&at, &its); line = at)
		if (is_same(its, name))
			return line;
	return NULL;
}

bool header_lines_have(const char *lines, struct http_slice name)
{
	return find(lines, name) != NULL;
}

static unsigned count(const char *lines)
{
	struct http_slice name;
	unsigned n = 0;

	while (header_lines_next(&lines, &name))
		n++;
	return n;
}

static void cut(struct buf *lines, struct http_slice name)
{
	char *line = (char *)find(buf_str(lines), name);
	const char *next = line;
	struct http_slice its;

	if (!line || !header_lines_next(&next, &its))
		return;
	memmove(line, next, strlen(next) + 1);
	lines->len -= (size_t)(next - line);
}

const char *header_lines_set(struct buf *lines, struct http_slice name, struct http_slice value)
{
	static_assert(HEADER_LINES_MOST == 16 && HEADER_LINES_BYTES == 4096,
		      "as the texts below say");
	cut(lines, name);
	if (count(buf_str(lines)) == HEADER_LINES_MOST)
		return "an analyzer has at most 16 headers";
	if (lines->len + name.len + value.len + 4 > HEADER_LINES_BYTES)
		return "the headers of an analyzer have at most 4096 characters";
	buf_append(lines, name.data, name.len);
	buf_append_str(lines, ": ");
	buf_append(lines, value.data, value.len);
	buf_append_str(lines, "\r\n");
	return lines->failed ? "there is no memory for a header" : NULL;
}
