#include "node/http/refusal.h"

static const struct http_refusal_info own[REFUSALS - HTTP_REFUSALS] = {
#define OWN(id) [REFUSAL_##id - HTTP_REFUSALS]
	OWN(BAD_JSON) = { 400, "bad_json", "The body is not one valid JSON document in UTF-8." },
	OWN(NOT_A_PACKET) = { 400, "not_a_packet", "The body must be a JSON object or array." },
	OWN(NO_MESSAGES) = { 400, "no_messages", "The packet holds no messages." },
	OWN(UNAUTHORIZED) = { 401, "unauthorized", "A valid bearer token is needed." },
	OWN(WRONG_TOKENS) = { 429, "too_many_wrong_tokens",
			      "Too many wrong tokens came from your address; see Retry-After." },
	OWN(NOT_FOUND) = { 404, "not_found",
			   "No such path. Packets go to POST /ingest, /v1/ingest, /logs or /message/send." },
	OWN(METHOD_NOT_ALLOWED) = { 405, "method_not_allowed",
				    "This path does not take that method; see Allow." },
	OWN(INCOMPLETE) = { 400, "incomplete", "The connection ended before the request did." },
	OWN(HEAD_TIMEOUT) = { 408, "head_timeout", "The request header did not arrive in time." },
	OWN(BODY_TIMEOUT) = { 408, "body_timeout", "The request body did not arrive in time." },
	OWN(MEDIA_TYPE) = { 415, "media_type", "Content-Type must be application/json." },
	OWN(CONTENT_ENCODING) = { 415, "content_encoding", "Content-Encoding must be identity." },
	OWN(NO_ANALYZER) = { 503, "no_analyzer", "No analyzer can take this packet now." },
	OWN(SPILL_AWAY) = { 503, "spill_away",
			    "No analyzer can take this packet now, and Redis, where it would wait, does not answer." },
	OWN(SPILL_FULL) = { 503, "spill_full",
			    "No analyzer can take this packet now, and as many wait as may (spill-max-bytes)." },
	OWN(DEAD_FULL) = { 503, "dead_full",
			   "An analyzer refuses this packet as bad, and it cannot be kept as a dead letter now." },
	OWN(NO_MEMORY) = { 503, "no_memory",
			   "This node holds as many packets as it may (memory-max)." },
	OWN(TOO_MANY_CONNECTIONS) = { 503, "too_many_connections",
				      "This node has as many connections as it may (max-connections)." },
	OWN(SHUTTING_DOWN) = { 503, "shutting_down", "This node is shutting down." },
#undef OWN
};

const struct http_refusal_info *refusal_info(enum refusal refusal)
{
	assert(refusal < REFUSALS);
	return refusal < (enum refusal)HTTP_REFUSALS ? &http_refusals[refusal]
						     : &own[refusal - HTTP_REFUSALS];
}

const char *const *refusal_names(void)
{
	static const char *names[REFUSALS];

	for (unsigned i = 1; i < REFUSALS; i++) /* REFUSAL_NONE has no name */
		names[i] = refusal_info((enum refusal)i)->name;
	return names;
}
