#ifndef WEIR_COMMON_WEB_H
#define WEIR_COMMON_WEB_H
/*
 * What both HTTP servers built on civetweb need: where to listen, and one writer of answers.
 * A library of its own (weir-web), so that only they link civetweb.
 */
#include <civetweb.h>
#include <cjson/cJSON.h>

#include "common/buf.h"
#include "common/net/net.h"

/* Any address means IPv4 alone where civetweb was built without IPv6. */
void web_fit_address(struct net_addr *addr);
/* The value of civetweb's listening_ports. */
void web_format_port(const struct net_addr *addr, char out[NET_ADDR_STRLEN]);
/* The port that was bound replaces the one that was asked for. */
int web_bound_address(const struct mg_context *ctx, struct net_addr *addr) MUST_CHECK;

struct web_answer {
	int status;
	const char *content_type;
	const char *body;
	size_t len;
	const char *allow;      /* NULL: no Allow */
	unsigned retry_after_s; /* 0: no Retry-After */
	bool close;             /* the connection is not kept */
	const char *policy;     /* Content-Security-Policy; NULL: WEB_POLICY_NONE */
	const char *cache;      /* Cache-Control; NULL: no-store */
	const char *etag;       /* with its quotes; NULL: no ETag */
	const char *vary;       /* NULL: no Vary */
};

/* For what is no page: a browser that shows it loads and runs nothing. */
#define WEB_POLICY_NONE "default-src 'none'; frame-ancestors 'none'"

/* The fields that keep a browser from reading more into an answer than it says; for answers that
 * web_send does not write. NULL as above. */
void web_append_safety(struct buf *out, const char *policy, const char *cache);

/* Each sends the whole answer in one piece and returns its status. A HEAD request and a 304
 * get no body, but its length. */
int web_send(struct mg_connection *conn, const struct web_answer *answer);
/* Takes json; NULL (out of memory) is answered with 503. */
int web_send_json(struct mg_connection *conn, int status, cJSON *json, bool close);
/* The same; fills in body and content type. */
int web_answer_json(struct mg_connection *conn, const struct web_answer *answer, cJSON *json);
/* RFC 9457; fills in body and content type. code may be NULL. */
int web_send_problem(struct mg_connection *conn, const struct web_answer *answer, const char *code,
		     const char *detail);

#endif
