#ifndef WEIR_COMMON_WEB_H
#define WEIR_COMMON_WEB_H
/*
 * What both HTTP servers built on civetweb need: where to listen, and one writer of answers.
 * A library of its own (weir-web), so that only they link civetweb.
 */
#include <civetweb.h>
#include <cjson/cJSON.h>

#include "common/http/web_answer.h"
#include "common/net/net.h"

/* Any address means IPv4 alone where civetweb was built without IPv6. */
void web_fit_address(struct net_addr *addr);
/* The value of civetweb's listening_ports. */
void web_format_port(const struct net_addr *addr, char out[NET_ADDR_STRLEN]);
/* The port that was bound replaces the one that was asked for. */
int web_bound_address(const struct mg_context *ctx, struct net_addr *addr) MUST_CHECK;

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
