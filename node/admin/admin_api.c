#include "node/admin/admin_api.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "registry/membership.h"

#define USER_SIZE 96 /* of user@host, as it is told */

/* The longest that stands between a user and a client. */
#define BY_WORDS " with the register token, from "
static_assert(USER_SIZE + sizeof(BY_WORDS) + FRONT_CLIENT_SIZE <= ADMIN_BY_SIZE,
	      "who asks is told without a cut");

int admin_refuse(struct front_request *rq, int status, const char *code, const char *detail,
		 const char *allow)
{
	struct web_answer answer = { .status = status,
				     .allow = allow,
				     .retry_after_s = status == 503 ? 1 : 0 };

	assert(status >= 400); /* others would be taken for an answer */
	return front_send_problem(rq, &answer, code, detail);
}

int admin_refuse_for(struct front_request *rq, int status, const char *code, const char *detail,
		     unsigned retry_after_s)
{
	struct web_answer answer = { .status = status, .retry_after_s = retry_after_s };

	return front_send_problem(rq, &answer, code, detail);
}

void admin_write_etag(uint64_t revision, char etag[ADMIN_ETAG_MAX])
{
	static_assert(sizeof("\"18446744073709551615\"") <= ADMIN_ETAG_MAX, "all revisions fit");
	snprintf(etag, ADMIN_ETAG_MAX, "\"%" PRIu64 "\"", revision);
}

int admin_refuse_error(struct admin_api *api, struct front_request *rq, const char *id, int error)
{
	char detail[512];

	assert(error != 0);
	switch (error) {
	case MEMBERSHIP_E_UNKNOWN:
		snprintf(detail, sizeof(detail),
			 "No analyzer \"%s\" is registered: register it with PUT.", id);
		return admin_refuse(rq, 404, "unknown_analyzer", detail, NULL);
	case MEMBERSHIP_E_TAKEN:
		snprintf(detail, sizeof(detail), "Another instance has taken the id \"%s\".", id);
		return admin_refuse(rq, 409, "taken", detail, NULL);
	default:
		pthread_mutex_lock(&api->lock); /* the text is the client's */
		if (error == MEMBERSHIP_E_ANSWER)
			snprintf(detail, sizeof(detail),
				 "Redis answered what no script of this version answers.");
		else
			client_explain(api->client, error, detail, sizeof(detail));
		pthread_mutex_unlock(&api->lock);
		log_warn("admin", "registry call failed", "analyzer=%s error=%s", id, detail);
		return admin_refuse(rq, 503, "registry_away", detail, NULL);
	}
}

int admin_bad_field(struct front_request *rq, const char *why)
{
	return admin_refuse(rq, 400, "bad_field", why, NULL);
}

/* Whoever asks may have written anything. */
static void write_user(const char *user, char out[USER_SIZE])
{
	size_t n = 0;

	for (; user && *user && n < USER_SIZE - 1; user++)
		out[n++] = *user > ' ' && *user <= '~' ? *user : '?';
	out[n] = '\0';
}

void admin_write_by(const struct front_request *rq, char out[ADMIN_BY_SIZE])
{
	char user[USER_SIZE];

	write_user(rq->fields[FIELD_WEIR_USER], user);
	if (rq->token)
		snprintf(out, ADMIN_BY_SIZE, "%s%s%s, from %s", user, user[0] ? " with " : "",
			 rq->token, rq->client);
	else
		snprintf(out, ADMIN_BY_SIZE, "%s without a token, from %s",
			 user[0] ? user : "somebody", rq->client);
}

int admin_begin_write(struct admin_api *api)
{
	CLEANUP(roster_unrefp) struct roster *known = control_roster(api->config.control);

	pthread_mutex_lock(&api->lock);
	return known ? membership_restore(api->client, &api->config.shared->keys, known) : 0;
}

void admin_end_write(struct admin_api *api)
{
	pthread_mutex_unlock(&api->lock);
}
