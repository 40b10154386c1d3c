#include "node/ingest/request_form.h"

#include <stdlib.h>
#include <string.h>

bool request_form_is_plain(const struct http_head *head, enum format_family family)
{
	static const char json[] = "application/json";
	struct http_slice type = head->content_type;

	if (family != FORMAT_FAMILY_ANY || head->content_encoding.len)
		return false;
	return type.len == 0 ||
	       (type.len >= sizeof(json) - 1 && memcmp(type.data, json, sizeof(json) - 1) == 0);
}

static struct format_slice copy(char **atp, struct http_slice from)
{
	struct format_slice to = { *atp, from.len };

	if (from.len)
		memcpy(*atp, from.data, from.len);
	*atp += from.len;
	return to;
}

struct request_form *request_form_new(const struct http_head *head, enum format_family family,
				      const struct codec_names *announced)
{
	struct request_form *form =
		malloc(sizeof(*form) + head->path.len + head->query.len + head->content_type.len);
	char *at;

	if (!form)
		return NULL;
	*form = (struct request_form){ .family = family, .announced = *announced };
	at = form->bytes;
	form->path = copy(&at, head->path);
	form->query = copy(&at, head->query);
	form->media_type = copy(&at, head->content_type);
	return form;
}
