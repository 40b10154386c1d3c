#include "node/ingest/request_form.h"

#include <string.h>

static const char json[] = PACKET_MEDIA_TYPE;

static bool begins_with(struct http_slice s, const char *text, size_t len)
{
	return s.len >= len && memcmp(s.data, text, len) == 0;
}

/* The path is compared last: most packets come to /ingest. */
static bool is_bare(const struct http_head *head)
{
	return head->query.len == 0 && head->tenant.len == 0 &&
	       (head->content_type.len == 0 || head->content_type.len == sizeof(json) - 1) &&
	       head->path.len == sizeof(PACKET_PATH) - 1 &&
	       memcmp(head->path.data, PACKET_PATH, sizeof(PACKET_PATH) - 1) == 0;
}

void request_form_read(const struct http_head *head, enum format_family family,
		       struct request_form *form)
{
	struct http_slice type = head->content_type;

	form->family = family;
	form->has_type = type.len > 0;
	form->is_plain = family == FORMAT_FAMILY_ANY && !head->content_encoding.len &&
			 (!type.len || begins_with(type, json, sizeof(json) - 1));
	form->is_bare = form->is_plain && is_bare(head);
}

static struct format_slice slice(struct http_slice from)
{
	return (struct format_slice){ from.data, from.len };
}

/* An analyzer gets the packet of a call without its framing: as a request of OTLP over HTTP. */
static const struct packet_request of_call = {
	.path = { "/v1/logs", 8 },
	.media_type = { "application/x-protobuf", 22 },
};

struct packet_request request_form_kept(const struct http_head *head, enum format_family family)
{
	if (family == FORMAT_FAMILY_OTLP_GRPC) {
		struct packet_request kept = of_call;

		kept.tenant = slice(head->tenant);
		return kept;
	}
	return (struct packet_request){
		.is_put = head->method == HTTP_PUT,
		.path = slice(head->path),
		.query = slice(head->query),
		.media_type = slice(head->content_type),
		.tenant = slice(head->tenant),
	};
}
