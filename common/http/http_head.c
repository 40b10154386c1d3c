#include "common/http/http_head.h"

#include <string.h>

#include "common/http/http_text.h"

struct head_parser {
	struct http_head *head;
	const char *at;
	const char *end;
	uint32_t seen; /* bit n: the known field whose name has n letters */
	bool wants_close, wants_keep_alive;
};

/* A field that means something here. The lengths of their names differ, so that is their index. */
struct field {
	const char *name;
	enum http_refusal if_repeated; /* HTTP_OK: it may be */
	enum http_refusal (*take)(struct head_parser *p, struct http_slice value);
	size_t slice_offset; /* without `take`: where in struct http_head the value goes */
};

static enum http_refusal parse_request_line(struct head_parser *p);
static enum http_refusal parse_version(struct http_head *head, const char *version, size_t len);
static enum http_refusal parse_method(struct http_head *head, struct http_slice name);
static enum http_refusal parse_target(struct http_head *head, struct http_slice target);
static enum http_refusal parse_field(struct head_parser *p);
static enum http_refusal take_host(struct head_parser *p, struct http_slice value);
static enum http_refusal take_expect(struct head_parser *p, struct http_slice value);
static enum http_refusal take_connection(struct head_parser *p, struct http_slice value);
static enum http_refusal take_length(struct head_parser *p, struct http_slice value);
static enum http_refusal take_transfer_encoding(struct head_parser *p, struct http_slice value);
static enum http_refusal check_framing(const struct head_parser *p);

#define SLICE(member) offsetof(struct http_head, member)
static const struct field fields[] = {
	[4] = { "host", HTTP_BAD_HOST, take_host },
	[6] = { "expect", HTTP_OK, take_expect },
	[10] = { "connection", HTTP_OK, take_connection },
	[12] = { "content-type", HTTP_BAD_HEADER, NULL, SLICE(content_type) },
	[13] = { "authorization", HTTP_BAD_HEADER, NULL, SLICE(authorization) },
	[14] = { "content-length", HTTP_BAD_LENGTH, take_length },
	[15] = { "x-forwarded-for", HTTP_OK, NULL, SLICE(forwarded_for) },
	[16] = { "content-encoding", HTTP_BAD_HEADER, NULL, SLICE(content_encoding) },
	[17] = { "transfer-encoding", HTTP_UNKNOWN_ENCODING, take_transfer_encoding },
};

enum http_refusal http_head_parse(struct http_head *head, const char *data, size_t len)
{
	struct head_parser p = { .head = head, .at = data, .end = data + len };
	enum http_refusal refusal;

	assert(len >= 4 && memcmp(data + len - 4, "\r\n\r\n", 4) == 0);
	*head = (struct http_head){ 0 };
	refusal = parse_request_line(&p);

	while (!refusal && *p.at != '\r')
		refusal = parse_field(&p);
	if (refusal)
		return refusal;
	assert(p.at < p.end);
	/* A CR here that ends no line is a field without a name. */
	if (p.at[1] != '\n')
		return HTTP_BAD_HEADER;
	head->keep_alive = !p.wants_close && (head->minor_version == 1 || p.wants_keep_alive);
	return check_framing(&p);
}

static enum http_refusal parse_request_line(struct head_parser *p)
{
	const char *line = p->at;
	const char *eol = memchr(line, '\r', p->end - line);
	const char *method_end = memchr(line, ' ', eol - line);
	const char *target_end;
	enum http_refusal refusal;

	p->at = eol + 2;
	if (!method_end || eol[1] != '\n')
		return HTTP_BAD_REQUEST_LINE;
	target_end = memchr(method_end + 1, ' ', eol - method_end - 1);
	if (!target_end || method_end == line || target_end == method_end + 1 ||
	    http_skip_kind(line, method_end, HTTP_TOKEN) != method_end ||
	    http_skip_kind(method_end + 1, target_end, HTTP_TARGET) != target_end)
		return HTTP_BAD_REQUEST_LINE;

	refusal = parse_version(p->head, target_end + 1, eol - target_end - 1);
	if (!refusal)
		refusal = parse_method(p->head, (struct http_slice){ line, method_end - line });
	if (!refusal)
		refusal = parse_target(p->head, (struct http_slice){ method_end + 1,
								     target_end - method_end - 1 });
	return refusal;
}

static enum http_refusal parse_version(struct http_head *head, const char *version, size_t len)
{
	if (len != strlen("HTTP/1.1") || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' ||
	    http_skip_kind(version + 5, version + 6, HTTP_DIGIT) != version + 6 ||
	    http_skip_kind(version + 7, version + 8, HTTP_DIGIT) != version + 8)
		return HTTP_BAD_REQUEST_LINE;
	if (version[5] != '1' || version[7] > '1')
		return HTTP_UNKNOWN_VERSION;
	head->minor_version = version[7] - '0';
	return HTTP_OK;
}

static enum http_refusal parse_method(struct http_head *head, struct http_slice name)
{
	for (int i = 0; i < HTTP_METHODS; i++) {
		const char *method = http_method_names[i];

		if (*method == *name.data && strncmp(method, name.data, name.len) == 0 &&
		    !method[name.len]) {
			head->method = i;
			return HTTP_OK;
		}
	}
	return HTTP_UNKNOWN_METHOD;
}

/* host [ ":" port ], the host maybe empty. Returns its end, or NULL. */
static const char *skip_authority(const char *at, const char *end)
{
	if (at < end && *at == '[') {
		const char *address_end = http_skip_kind(at + 1, end, HTTP_IPV6);

		if (address_end == at + 1 || address_end == end || *address_end != ']')
			return NULL;
		at = address_end + 1;
	} else {
		at = http_skip_kind(at, end, HTTP_REG_NAME);
	}
	if (at < end && *at == ':') {
		const char *port = at + 1;

		at = http_skip_kind(port, end, HTTP_DIGIT);
		if (at - port > 5)
			return NULL;
	}
	return at;
}

/* "http://host:80/path" becomes "/path". */
static bool strip_origin(struct http_slice *target)
{
	const char *end = target->data + target->len;
	const char *colon = memchr(target->data, ':', target->len);
	struct http_slice scheme = { target->data, colon ? colon - target->data : 0 };
	const char *host, *path;

	if (!HTTP_IS_WORD(scheme, "http") && !HTTP_IS_WORD(scheme, "https"))
		return false;
	if (end - colon < 3 || memcmp(colon, "://", 3) != 0)
		return false;
	host = colon + 3;
	path = skip_authority(host, end);
	if (!path || path == host || *host == ':' || (path < end && *path != '/' && *path != '?'))
		return false;
	assert(path <= end);
	*target = (struct http_slice){ path, end - path };
	return true;
}

static enum http_refusal parse_target(struct http_head *head, struct http_slice target)
{
	const char *mark;

	if (target.len == 1 && *target.data == '*' && head->method == HTTP_OPTIONS) {
		head->path = target;
		return HTTP_OK;
	}
	if (*target.data != '/' && !strip_origin(&target))
		return HTTP_BAD_REQUEST_LINE;
	mark = memchr(target.data, '?', target.len);
	if (mark) {
		head->query = (struct http_slice){ mark + 1, target.data + target.len - mark - 1 };
		target.len = mark - target.data;
	}
	head->path = target.len > 0 ? target : (struct http_slice){ "/", 1 };
	return HTTP_OK;
}

/* Returns the end of the line, behind its CRLF; NULL if [at, end) does not begin with a field line.
 */
static const char *split_field(const char *at, const char *end, struct http_slice *namep,
			       struct http_slice *valuep)
{
	const char *colon = http_skip_kind(at, end, HTTP_TOKEN);
	const char *eol;

	if (colon == at || colon == end || *colon != ':')
		return NULL;
	eol = http_skip_text(colon + 1, end);
	if (end - eol < 2 || eol[0] != '\r' || eol[1] != '\n')
		return NULL;
	*namep = (struct http_slice){ at, colon - at };
	*valuep = http_trim(colon + 1, eol);
	return eol + 2;
}

bool http_is_field_line(const char *line, size_t len)
{
	struct http_slice name, value;

	return split_field(line, line + len, &name, &value) == line + len;
}

/* Its name is as long as that of a field in the table. The first one counts. */
static void take_tenant(struct http_head *head, struct http_slice name, struct http_slice value)
{
	if (!head->tenant.data && HTTP_IS_WORD(name, "x-scope-orgid"))
		head->tenant = value;
}

/* Three names of one length. */
static void take_hop(struct http_head *head, struct http_slice name, struct http_slice value)
{
	if (HTTP_IS_WORD(name, "weir-node"))
		head->weir_node = value;
	else if (HTTP_IS_WORD(name, "weir-pool"))
		head->weir_pool = value;
	else if (HTTP_IS_WORD(name, "weir-hops"))
		head->weir_hops = value;
}

static enum http_refusal parse_field(struct head_parser *p)
{
	struct http_slice name, value;
	const char *next = split_field(p->at, p->end, &name, &value);
	const struct field *field;

	if (!next)
		return HTTP_BAD_HEADER;
	p->at = next;
	field = name.len < ARRAY_LEN(fields) ? &fields[name.len] : &fields[0];
	if (name.len == strlen("weir-node") && (*name.data | 0x20) == 'w')
		take_hop(p->head, name, value);
	if (!field->name || (*name.data | 0x20) != *field->name ||
	    !http_is_word(name, field->name, name.len)) {
		if (name.len == strlen("x-scope-orgid"))
			take_tenant(p->head, name, value);
		return HTTP_OK;
	}
	if (p->seen & 1u << name.len && field->if_repeated)
		return field->if_repeated;
	p->seen |= 1u << name.len;
	if (field->take)
		return field->take(p, value);
	*(struct http_slice *)((char *)p->head + field->slice_offset) = value;
	return HTTP_OK;
}

static enum http_refusal take_host(struct head_parser *p UNUSED, struct http_slice value)
{
	const char *end = value.data + value.len;

	return skip_authority(value.data, end) == end ? HTTP_OK : HTTP_BAD_HOST;
}

/* Of a list with commas. Returns where the next one begins, or beyond `end`. */
static const char *next_element(const char *at, const char *end, struct http_slice *elementp)
{
	const char *comma = memchr(at, ',', end - at);

	if (!comma)
		comma = end;
	*elementp = http_trim(at, comma);
	return comma + 1;
}

static enum http_refusal take_expect(struct head_parser *p, struct http_slice value)
{
	const char *end = value.data + value.len;
	struct http_slice expectation;

	for (const char *at = value.data; at < end;) {
		at = next_element(at, end, &expectation);
		if (expectation.len == 0)
			continue;
		if (!HTTP_IS_WORD(expectation, "100-continue"))
			return HTTP_UNKNOWN_EXPECTATION;
		p->head->expect_continue = p->head->minor_version == 1;
	}
	return HTTP_OK;
}

static enum http_refusal take_connection(struct head_parser *p, struct http_slice value)
{
	const char *end = value.data + value.len;
	struct http_slice option;

	for (const char *at = value.data; at < end;) {
		at = next_element(at, end, &option);
		p->wants_close |= HTTP_IS_WORD(option, "close");
		p->wants_keep_alive |= HTTP_IS_WORD(option, "keep-alive");
	}
	return HTTP_OK;
}

static enum http_refusal take_length(struct head_parser *p, struct http_slice value)
{
	uint64_t length = 0;

	while (value.len > 1 && *value.data == '0') {
		value.data++;
		value.len--;
	}
	if (value.len < 1 || value.len > 19) /* 19 digits cannot overflow 64 bits */
		return HTTP_BAD_LENGTH;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return HTTP_BAD_LENGTH;
		length = length * 10 + (value.data[i] - '0');
	}
	if (length > INT64_MAX)
		return HTTP_BAD_LENGTH;
	p->head->has_length = true;
	p->head->content_length = length;
	return HTTP_OK;
}

static enum http_refusal take_transfer_encoding(struct head_parser *p, struct http_slice value)
{
	if (p->head->minor_version == 0)
		return HTTP_BAD_HEADER;
	if (!HTTP_IS_WORD(value, "chunked"))
		return HTTP_UNKNOWN_ENCODING;
	p->head->chunked = true;
	return HTTP_OK;
}

static enum http_refusal check_framing(const struct head_parser *p)
{
	const struct http_head *head = p->head;
	const unsigned need_length = 1u << HTTP_POST | 1u << HTTP_PUT | 1u << HTTP_PATCH;

	if (head->minor_version == 1 && !(p->seen & 1u << strlen("host")))
		return HTTP_BAD_HOST;
	if (head->chunked && head->has_length)
		return HTTP_LENGTH_AND_CHUNKED;
	if (!head->chunked && !head->has_length && need_length & 1u << head->method)
		return HTTP_LENGTH_REQUIRED;
	return HTTP_OK;
}
