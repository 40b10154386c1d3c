#ifndef WEIR_NODE_REQUEST_FORM_H
#define WEIR_NODE_REQUEST_FORM_H
/*
 * What the header section of a request says about its body, kept until the body is there. A request
 * whose body should be plain JSON needs none.
 */
#include "common/codec/codec_names.h"
#include "common/format/format_route.h"
#include "common/http/http.h"

struct request_form {
	enum format_family family;
	struct codec_names announced;
	struct format_slice path, query, media_type; /* copies, in `bytes` */
	char bytes[];
};

/* Whether the body should be JSON as it is, as far as the header section tells. */
bool request_form_is_plain(const struct http_head *head, enum format_family family);
/* A copy, for free(). NULL: out of memory. */
struct request_form *request_form_new(const struct http_head *head, enum format_family family,
				      const struct codec_names *announced);

#endif
