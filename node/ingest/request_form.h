#ifndef WEIR_NODE_REQUEST_FORM_H
#define WEIR_NODE_REQUEST_FORM_H
/*
 * What the header section of a request says about its body. It is needed until the body is there; what
 * has to be known for longer goes to the packet (packet_form.h).
 */
#include "common/codec/codec_names.h"
#include "common/format/format_route.h"
#include "common/http/http.h"
#include "node/packet/packet_form.h"

struct request_form {
	enum format_family family;
	bool is_plain; /* JSON as it is, as far as the header section tells */
	bool is_bare;  /* nothing has to be kept of the header section if it is */
	bool has_type;
	struct codec_names announced;
};

/* All but `announced`. */
void request_form_read(const struct http_head *head, enum format_family family,
		       struct request_form *form);
/* What the packet keeps of it, as a request of HTTP would say it; the format is still to be found. Borrowed from the header section. */
struct packet_request request_form_kept(const struct http_head *head, enum format_family family);

#endif
