#ifndef WEIR_NODE_PACKET_FORM_H
#define WEIR_NODE_PACKET_FORM_H
/*
 * How a packet came, where it is anything else than plain JSON at /ingest: its format, and what its
 * request said. The body of a packet is always the unpacked bytes as they came. Their JSON form is
 * made when an analyzer needs it, and kept beside the body until the packet is freed.
 *
 * In the spill and among dead letters a packet has the same as a text of six lines (lua/lib/form.lua).
 *
 * Whoever makes packets without a request (a listener) fills in a struct packet_request and calls
 * packet_set_form before it hands the packet on.
 */
#include "common/format/format.h"
#include "node/packet/packet.h"

#define PACKET_PATH "/ingest"         /* where packets come to that say nothing else */
#define PACKET_TENANT "X-Scope-OrgID" /* the field that says whose the messages are */

/* What a request said of its body. Borrowed; len 0: it said nothing. */
struct packet_request {
	enum format_id format;
	bool is_put; /* the method; else POST */
	struct format_slice path, query, media_type;
	struct format_slice tenant; /* X-Scope-OrgID */
};

struct packet_form {
	struct packet_request request; /* its slices are copies, in `text` */
	char *json;                    /* owned; NULL: not made yet */
	size_t json_len;
	size_t n_charged; /* to the memory: the form and its JSON */
	char *format;     /* in `text`: where its name stands */
	char text[];      /* type, path, query, method, tenant, format: a line each */
};

/*
 * In place of what it had. The copies are charged to the memory. What could not stand in the header
 * section of a request is left out. -ENOMEM: it is as it was.
 */
int packet_set_form(struct memory *m, struct packet *p,
		    const struct packet_request *request) MUST_CHECK;
/* Of a packet that has a form; of any, where it is JSON. */
void packet_set_format(struct packet *p, enum format_id format);
/* As text; borrowed from the packet. */
static inline const char *packet_form_text(const struct packet *p)
{
	return p->form ? p->form->text : PACKET_MEDIA_TYPE;
}
/* The other way round, for a packet that has none: also of what an older node wrote. -ENOMEM. */
int packet_restore_form(struct memory *m, struct packet *p, const char *text) MUST_CHECK;
/* Its body was replaced: the new packet gets all else that is known of the old one. */
void packet_move_form(struct packet *to, struct packet *from);
/* How it came; borrowed from the packet. */
struct packet_request packet_request(const struct packet *p);
static inline enum format_id packet_format(const struct packet *p)
{
	return p->form ? p->form->request.format : FORMAT_JSON;
}

/* Its body is its JSON form. */
static inline bool packet_is_json(const struct packet *p)
{
	return !p->form || packet_form_is_json(p->form);
}

/*
 * From here on there is a JSON form. 0; -ENOMEM: not now; FORMAT_E_*: the body is not in its format,
 * as that of an entry of the spill may be which somebody else has written.
 */
int packet_make_json(struct memory *m, struct packet *p) MUST_CHECK;
/*
 * Whether it could be delivered as JSON of at most max_bytes. For most packets that is known without
 * making it. 0, FORMAT_E_TOO_LARGE; FORMAT_E_* and -ENOMEM as packet_make_json.
 */
int packet_check_json(struct memory *m, struct packet *p, size_t max_bytes) MUST_CHECK;
/* Gives back the memory of a JSON form that was made; it can be made again. */
void packet_forget_json(struct memory *m, struct packet *p);
/* After packet_make_json; borrowed from the packet. */
static inline struct format_slice packet_json(const struct packet *p)
{
	return p->form && p->form->json ? (struct format_slice){ p->form->json, p->form->json_len }
					: (struct format_slice){ p->body, p->len };
}

/*
 * Only the operations of a _bulk stay whose `keep` is set, of n_messages. FORMAT_E_SYNTAX: it has another
 * number of them, and is as it was.
 */
int packet_keep_operations(struct memory *m, struct packet *p, const bool *keep) MUST_CHECK;

#endif
