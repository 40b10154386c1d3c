#ifndef WEIR_COMMON_FRONT_REQUEST_H
#define WEIR_COMMON_FRONT_REQUEST_H
/*
 * A request, whole and in memory, and its answer, which the front sends. It knows no socket, so that
 * a handler never waits for whoever asks.
 */
#include <cjson/cJSON.h>

#include "common/buf.h"
#include "common/grpc/grpc_code.h"
#include "common/http/http_reader.h"
#include "common/http/web_answer.h"
#include "common/net/net.h"

#define FRONT_CLIENT_SIZE (NET_ADDR_STRLEN + 80)

enum front_field {
	FIELD_HOST,
	FIELD_ORIGIN,
	FIELD_ACCEPT,
	FIELD_AUTHORIZATION,
	FIELD_CONTENT_TYPE,
	FIELD_CONTENT_ENCODING, /* of a call of gRPC: its grpc-encoding */
	FIELD_IF_MATCH,
	FIELD_IF_NONE_MATCH,
	FIELD_LAST_EVENT_ID,
	FIELD_SEC_FETCH_SITE,
	FIELD_WEIR_FORMAT,
	FIELD_WEIR_PACKETS,
	FIELD_WEIR_NODE, /* of a packet that a node delivers, and the next */
	FIELD_WEIR_POOL,
	FIELD_WEIR_USER, /* who runs weirctl */
	FRONT_FIELDS
};

struct front_request {
	enum http_method method;
	bool is_http_1_0;
	bool is_call;               /* of gRPC */
	char *path;                 /* as sent, without the query */
	char *query;                /* NULL: none */
	char *fields[FRONT_FIELDS]; /* a repeated one as one list; NULL: absent */
	struct net_addr from;
	char client
		[FRONT_CLIENT_SIZE]; /* its address and the name in its certificate, for the log */
	struct buf body;
	uint64_t max_body_bytes; /* with HTTP/2, of whoever decides; 0: as config has it */
	const void *route;       /* of whoever decides; with the next */
	char id[80];             /* what stands at the path's {} */
	bool is_trusted;         /* it came with a right token */
	bool is_operator;        /* it came with the admin token, or none is set */
	bool must_close;         /* the connection ends after the answer */
	const char *token;       /* which token it came with: "the admin token"; NULL: none */
	struct buf out;          /* the whole answer */
};

/* Takes copies. The section is what http_reader has read into `head`. -ENOMEM. */
int front_request_init(struct front_request *rq, const struct http_head *head, const char *section,
		       size_t len) MUST_CHECK;
void front_request_deinit(struct front_request *rq);

/* Reads %XX in place. False: a broken one, or a NUL. */
bool front_decode(char *text);
/* A parameter of the query, decoded. 0: it is not there, 1: it is, -1: it is too long, or cannot be
 * decoded. */
int front_parameter(const struct front_request *rq, const char *name, char *out, size_t size);

/* Each writes the whole answer and returns its status. */
int front_send(struct front_request *rq, const struct web_answer *answer);
/* Takes json; NULL (out of memory) is answered with 503. Hidden characters in it go out as \uXXXX: the
 * answer may be looked at on a terminal. */
int front_send_json(struct front_request *rq, int status, cJSON *json);
/* The same; fills in body and content type. */
int front_answer_json(struct front_request *rq, const struct web_answer *answer, cJSON *json);
/* The message of a call that went well. Returns 200. */
int front_send_message(struct front_request *rq, const char *message, size_t len);
/* A call that did not. retry_after_s 0: it does not say when to try again. */
void front_refuse_call(struct front_request *rq, enum grpc_code code, unsigned retry_after_s,
		       const char *detail);
/* RFC 9457; fills in body and content type. code may be NULL. A call is refused with the code of gRPC for
 * the status. */
int front_send_problem(struct front_request *rq, const struct web_answer *answer, const char *code,
		       const char *detail);

#endif
