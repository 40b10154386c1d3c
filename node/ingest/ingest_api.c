#include "node/ingest/ingest_api.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "common/http/http_text.h"
#include "common/http/token_book.h"
#include "node/ingest/handshake.h"

#define ALLOW_PACKETS "POST, HEAD, OPTIONS"
#define ALLOW_BULK "POST, PUT, HEAD, OPTIONS"
#define ALLOW_ACKS "POST, OPTIONS"
#define ALLOW_HEALTH "GET, HEAD, OPTIONS"

/* Where Splunk's agents ask which events are indexed. */
#define ACKS "/services/collector/ack"

static_assert(TOKEN_BOOK_SLOTS <= UINT8_MAX, "an answer has room for a slot + 1");

enum resource { RESOURCE_PACKETS, RESOURCE_LIVEZ, RESOURCE_READYZ, RESOURCE_ACKS, RESOURCES };

static const struct {
	const char *path;
	enum resource resource;
} paths[] = {
	{ "/livez", RESOURCE_LIVEZ },
	{ "/healthz", RESOURCE_LIVEZ },
	{ "/readyz", RESOURCE_READYZ },
	{ "/ready", RESOURCE_READYZ }, /* as Loki's agents ask */
};

static bool slice_is(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* *namep: the path, static. With and without a slash at the end: a 404 makes agents drop their data. */
static int find_resource(struct http_slice path, enum format_family *familyp, const char **namep)
{
	*namep = format_route_find(path.data, path.len, familyp);
	if (*namep)
		return RESOURCE_PACKETS;
	if (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (slice_is(path, paths[i].path)) {
			*namep = paths[i].path;
			return (int)paths[i].resource;
		}
	if (path.len >= strlen(ACKS) &&
	    slice_is((struct http_slice){ path.data + path.len - strlen(ACKS), strlen(ACKS) },
		     ACKS)) {
		*namep = ACKS;
		*familyp = FORMAT_FAMILY_HEC;
		return RESOURCE_ACKS;
	}
	return -1;
}

static bool refuse(struct answer *answer, enum refusal refusal)
{
	assert(refusal != REFUSAL_NONE);
	answer->kind = ANSWER_REFUSED;
	answer->refusal = refusal;
	return false;
}

/* The body decides what it is, as agents often say something else; but no log is a picture. */
static bool type_is_foreign(struct http_slice type)
{
	static const char *const foreign[] = { "multipart/", "image/", "audio/", "video/" };

	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (type.len >= strlen(foreign[i]) &&
		    strncasecmp(type.data, foreign[i], strlen(foreign[i])) == 0)
			return true;
	return false;
}

bool ingest_api_needs_token(const struct ingest_api *api)
{
	return api->tokens && token_book_are_needed(api->tokens);
}

/* The version in "compatible-with=8"; 0: there is none. */
static uint8_t compatible_with(struct http_slice type)
{
	static const char word[] = "compatible-with=";
	const char *at = type.len ? memmem(type.data, type.len, word, sizeof(word) - 1) : NULL;

	at = at ? at + sizeof(word) - 1 : NULL;
	return at && at < type.data + type.len && *at >= '0' && *at <= '9' ? (uint8_t)(*at - '0')
									   : 0;
}

static void set_format(const struct ingest_api *api, const struct http_head *head,
		       enum format_family family, struct answer *answer)
{
	struct format_slice type = { head->content_type.data, head->content_type.len };
	enum format_id guess = format_guess(family, type);

	answer->says_200 = api->says_200;
	answer->format = (uint8_t)(guess + 1);
	if (family == FORMAT_FAMILY_ANY)
		return;
	answer->style.format = (uint8_t)format_get(guess)->answer;
	answer->is_elastic = family == FORMAT_FAMILY_BULK;
	answer->style.compatible_with = compatible_with(head->content_type);
	answer->style.had_token = head->authorization.len > 0;
}

/* False: a token is needed, and none of them is given. */
static bool is_let_in(const struct ingest_api *api, const struct http_head *head,
		      struct answer *answer)
{
	int slot;

	if (!ingest_api_needs_token(api) || answer->token)
		return true;
	slot = token_book_find(api->tokens, head->authorization.data, head->authorization.len);
	answer->token = (uint8_t)(slot == TOKEN_BOOK_NONE ? 0 : slot + 1);
	return slot != TOKEN_BOOK_NONE;
}

static bool is_taken(struct http_slice encoding)
{
	return encoding.len == 0 || HTTP_IS_WORD(encoding, "gzip") ||
	       HTTP_IS_WORD(encoding, "identity");
}

/* The path was read before. */
static bool decide_call(const struct ingest_api *api, const struct http_head *head, uint64_t now_us,
			struct answer *answer, struct request_form *form)
{
	struct http_slice encoding = head->content_encoding;

	answer->path = grpc_path((enum grpc_method)answer->grpc);
	if (head->method != HTTP_POST)
		return refuse(answer, REFUSAL_GRPC_HTTP);
	if (answer->grpc == GRPC_UNKNOWN)
		return refuse(answer, REFUSAL_UNKNOWN_CALL);
	if (answer->grpc == GRPC_EXPORT)
		set_format(api, head, FORMAT_FAMILY_OTLP_GRPC, answer);
	if (!is_taken(encoding))
		return refuse(answer, REFUSAL_GRPC_ENCODING);
	if (answer->grpc != GRPC_EXPORT) {
		bool is_ready = health_ready(api->health, now_us) == HEALTH_READY;

		answer->kind = ANSWER_TEXT;
		answer->status = is_ready ? 200 : 503;
		return false;
	}
	form->family = FORMAT_FAMILY_OTLP_GRPC;
	if (!is_let_in(api, head, answer))
		return refuse(answer, REFUSAL_UNAUTHORIZED);
	request_form_read(head, form->family, form);
	return codec_names_read(encoding.data, encoding.len, &form->announced) == 0 ||
	       refuse(answer, REFUSAL_GRPC_ENCODING);
}

/* A call that did not come as one, such as by HTTP/1.1 or as gRPC-Web. */
static bool looks_like_call(const struct http_head *head)
{
	static const char type[] = "application/grpc";
	struct http_slice begin = { head->content_type.data, sizeof(type) - 1 };

	return grpc_find_method(head->path) != GRPC_UNKNOWN ||
	       (head->content_type.len >= begin.len && HTTP_IS_WORD(begin, "application/grpc"));
}

static const char *allow_of(enum resource resource, enum format_family family)
{
	if (resource == RESOURCE_ACKS)
		return ALLOW_ACKS;
	if (resource != RESOURCE_PACKETS)
		return ALLOW_HEALTH;
	return family == FORMAT_FAMILY_BULK ? ALLOW_BULK : ALLOW_PACKETS;
}

static bool decide_packet(const struct ingest_api *api, const struct http_head *head,
			  struct answer *answer, struct request_form *form)
{
	struct http_slice encoding = head->content_encoding;

	if (head->method != HTTP_POST &&
	    !(head->method == HTTP_PUT && form->family == FORMAT_FAMILY_BULK)) {
		answer->allow = allow_of(RESOURCE_PACKETS, form->family);
		return refuse(answer, REFUSAL_METHOD_NOT_ALLOWED);
	}
	set_format(api, head, form->family, answer);
	if (!is_let_in(api, head, answer))
		return refuse(answer, REFUSAL_UNAUTHORIZED);
	form->announced.n = 0;
	request_form_read(head, form->family, form);
	if (form->is_plain)
		return true;
	if (encoding.len && codec_names_read(encoding.data, encoding.len, &form->announced) != 0)
		return refuse(answer, REFUSAL_CONTENT_ENCODING);
	if (looks_like_call(head))
		return refuse(answer, REFUSAL_GRPC_HTTP);
	if (type_is_foreign(head->content_type))
		return refuse(answer, REFUSAL_MEDIA_TYPE);
	return true;
}

/* Splunk says so when its acknowledgements are switched off: a 202 of Weir needs no second one. */
static bool decide_acks(const struct ingest_api *api, const struct http_head *head,
			struct answer *answer)
{
	if (head->method != HTTP_POST) {
		answer->allow = ALLOW_ACKS;
		return refuse(answer, REFUSAL_METHOD_NOT_ALLOWED);
	}
	set_format(api, head, FORMAT_FAMILY_HEC, answer);
	return refuse(answer,
		      is_let_in(api, head, answer) ? REFUSAL_ACKS_ARE_OFF : REFUSAL_UNAUTHORIZED);
}

static bool decide_health(const struct ingest_api *api, enum resource resource,
			  const struct http_head *head, uint64_t now_us, struct answer *answer)
{
	enum health_verdict verdict;

	if (head->method != HTTP_GET && head->method != HTTP_HEAD) {
		answer->allow = ALLOW_HEALTH;
		return refuse(answer, REFUSAL_METHOD_NOT_ALLOWED);
	}
	verdict = resource == RESOURCE_READYZ ? health_ready(api->health, now_us)
					      : health_live(api->health, now_us);
	answer->kind = ANSWER_TEXT;
	answer->status = verdict == HEALTH_READY ? 200 : 503;
	answer->text = health_verdict_texts[verdict];
	return false;
}

/* Docker's driver asks with OPTIONS whether Splunk is there, and takes 200 alone for yes. */
static bool is_hec(enum format_family family, int resource)
{
	return resource == RESOURCE_PACKETS &&
	       (family == FORMAT_FAMILY_HEC || family == FORMAT_FAMILY_HEC_RAW);
}

bool ingest_api_decide(const struct ingest_api *api, const struct http_head *head, uint64_t now_us,
		       struct answer *answer, struct request_form *form)
{
	const char *name = NULL;
	int resource = find_resource(head->path, &form->family, &name);
	uint8_t grpc = answer->grpc;

	*answer = (struct answer){ .head_only = head->method == HTTP_HEAD,
				   .method = (uint8_t)head->method,
				   .token = answer->token,
				   .says_keep_alive = head->minor_version == 0 && head->keep_alive,
				   .grpc = grpc,
				   .path = name };
	if (grpc)
		return decide_call(api, head, now_us, answer, form);
	if (head->method == HTTP_OPTIONS && (resource >= 0 || slice_is(head->path, "*"))) {
		answer->kind = ANSWER_OPTIONS;
		answer->status = is_hec(form->family, resource) ? 200 : 204;
		answer->allow = resource < 0 ? ALLOW_PACKETS
					     : allow_of((enum resource)resource, form->family);
		return false;
	}
	if (resource < 0 &&
	    handshake_answer(head, health_ready(api->health, now_us) == HEALTH_READY, answer))
		return false;
	if (resource < 0)
		return refuse(answer,
			      looks_like_call(head) ? REFUSAL_GRPC_HTTP : REFUSAL_NOT_FOUND);
	if (resource == RESOURCE_ACKS)
		return decide_acks(api, head, answer);
	/* agents look with HEAD whether packets would be taken there */
	if (resource == RESOURCE_PACKETS && head->method != HTTP_HEAD)
		return decide_packet(api, head, answer, form);
	if (resource == RESOURCE_PACKETS)
		resource = RESOURCE_READYZ;
	return decide_health(api, (enum resource)resource, head, now_us, answer);
}
