#include "registry/membership.h"

#include <math.h>
#include <string.h>

#include "common/net/net_url.h"
#include "registry/scripts.h"

#define WEIGHT_MAX 1e6

const char *membership_check_id(const char *id)
{
	static_assert(ANALYZER_ID_MAX == 64, "as the text below says");
	if (!roster_is_id(id))
		return "an id is 1 to 64 of A-Z a-z 0-9 . _ -";
	return NULL;
}

const char *membership_check_token(const char *delivery_token)
{
	static_assert(DELIVERY_TOKEN_MIN == 16 && DELIVERY_TOKEN_MAX == 128, "as the text says");
	return roster_is_token(delivery_token)
		       ? NULL
		       : "delivery_token must be 16 to 128 of A-Z a-z 0-9 - . _ ~ + / =";
}

const char *membership_check_url(const char *url)
{
	struct net_url parsed;

	if (strlen(url) > ANALYZER_URL_MAX || net_url_parse_analyzer(&parsed, url) != 0)
		return "url must be http(s)://host[:port]/path, h2c://host[:port]/path or grpc(s)://host[:port], at most 512 characters";
	return NULL;
}

const char *membership_check_weight(double weight)
{
	if (!isfinite(weight) || weight < 0 || weight > WEIGHT_MAX)
		return "weight must be a number from 0 to 1000000";
	return NULL;
}

/* {status, epoch, ...} -> 0 or the code of the status. */
static int take_answer(redisReply *reply, uint64_t *epochp)
{
	static const struct {
		const char *status;
		int error;
	} codes[] = {
		{ "ok", 0 },
		{ "created", 0 },
		{ "updated", 0 },
		{ "kept", 0 },
		{ "unknown", MEMBERSHIP_E_UNKNOWN },
		{ "taken", MEMBERSHIP_E_TAKEN },
		{ "full", MEMBERSHIP_E_FULL },
		{ "in_use", MEMBERSHIP_E_IN_USE },
		{ "changed", MEMBERSHIP_E_CHANGED },
	};

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_INTEGER)
		return MEMBERSHIP_E_ANSWER;
	*epochp = (uint64_t)reply->element[1]->integer;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(reply->element[0]->str, codes[i].status) == 0)
			return codes[i].error;
	return MEMBERSHIP_E_ANSWER;
}

static int call(struct client *c, enum script_id id, const struct script_args *args,
		uint64_t *epochp)
{
	redisReply *reply;
	int r = client_eval(c, id, args, &reply);

	if (r != 0)
		return r;
	r = take_answer(reply, epochp);
	freeReplyObject(reply);
	return r;
}

void membership_register_args(const struct registration *reg, struct script_args *args)
{
	*args = (struct script_args){ 0 };
	script_arg_str(args, reg->id);
	script_arg_str(args, reg->url);
	script_arg_double(args, reg->weight);
	script_arg_int(args, reg->ttl_ms);
	script_arg_str(args, reg->instance);
	script_arg_str(args, reg->info);
	script_arg_int(args, -1);
	script_arg_int(args, 0);
	script_arg_str(args, "");
	script_arg_str(args, "");
	script_arg_str(args, "");
	script_arg_str(args, reg->spares_others ? "1" : "");
	script_arg_str(args, reg->by ? reg->by : "");
}

int membership_register(struct client *c, const struct registration *reg, bool *createdp,
			uint64_t *epochp)
{
	struct script_args args;
	redisReply *reply;
	int r;

	membership_register_args(reg, &args);
	r = client_eval(c, SCRIPT_REGISTER, &args, &reply);
	if (r != 0)
		return r;
	r = take_answer(reply, epochp);
	if (r == MEMBERSHIP_E_FULL && reply->elements == 3)
		*epochp = (uint64_t)reply->element[2]->integer;
	if (r == 0)
		*createdp = strcmp(reply->element[0]->str, "created") == 0;
	freeReplyObject(reply);
	return r;
}

void membership_restore_args(const struct analyzer *a, uint64_t epoch_floor,
			     struct script_args *args)
{
	*args = (struct script_args){ 0 };
	script_arg_str(args, a->id);
	script_arg_str(args, a->url);
	script_arg_double(args, a->declared);
	script_arg_int(args, a->ttl_ms);
	script_arg_str(args, a->instance);
	script_arg_str(args, a->info);
	script_arg_int(args, a->slot);
	script_arg_int(args, (int64_t)epoch_floor);
	script_arg_double(args, a->weight);
	script_arg_str(args, analyzer_state_names[a->state]);
	script_arg_int(args, a->held_back_ms);
}

static int get_epoch(struct client *c, const struct registry_keys *keys, uint64_t *epochp)
{
	redisReply *reply;
	int r = client_command(c, &reply, 2, (const char *[]){ "GET", keys->names[KEY_EPOCH] });

	if (r != 0)
		return r;
	*epochp = reply->type == REDIS_REPLY_STRING ? strtoull(reply->str, NULL, 10) : 0;
	freeReplyObject(reply);
	return 0;
}

int membership_restore(struct client *c, const struct registry_keys *keys,
		       const struct roster *known)
{
	uint64_t epoch;
	int r = get_epoch(c, keys, &epoch);

	if (r != 0 || epoch >= known->epoch)
		return r;
	for (unsigned i = 0; i < known->n_analyzers && r == 0; i++) {
		struct script_args args;

		if (known->analyzers[i].lease_ms <= 0)
			continue;
		membership_restore_args(&known->analyzers[i], known->epoch + 1, &args);
		r = call(c, SCRIPT_REGISTER, &args, &epoch);
	}
	return r;
}

static void arg_processed(struct script_args *args, int64_t processed)
{
	if (processed < 0)
		script_arg_str(args, "");
	else
		script_arg_int(args, processed);
}

int membership_renew(struct client *c, const char *id, const char *instance, int64_t processed,
		     uint64_t *epochp, char fault[FAULT_TEXT_MAX + 1])
{
	struct script_args args = { 0 };
	redisReply *reply;
	int r;

	script_arg_str(&args, id);
	script_arg_str(&args, instance);
	arg_processed(&args, processed);
	r = client_eval(c, SCRIPT_RENEW, &args, &reply);
	if (r != 0)
		return r;
	r = take_answer(reply, epochp);
	fault[0] = '\0';
	if (r == 0 && reply->elements == 3 && reply->element[2]->type == REDIS_REPLY_STRING)
		snprintf(fault, FAULT_TEXT_MAX + 1, "%s", reply->element[2]->str);
	freeReplyObject(reply);
	return r;
}

int membership_deregister(struct client *c, const char *id, const char *instance, int64_t processed,
			  uint64_t *epochp)
{
	struct script_args args = { .is_sent_once = true };

	script_arg_str(&args, id);
	script_arg_str(&args, instance);
	arg_processed(&args, processed);
	return call(c, SCRIPT_DEREGISTER, &args, epochp);
}

int membership_remove(struct client *c, const char *id, const char *by, uint64_t *epochp)
{
	struct script_args args = { .is_sent_once = true };

	script_arg_str(&args, id);
	script_arg_str(&args, "");
	script_arg_str(&args, "");
	script_arg_str(&args, "an operator");
	script_arg_str(&args, ""); /* however long it is silent */
	script_arg_str(&args, by ? by : "");
	return call(c, SCRIPT_DEREGISTER, &args, epochp);
}

void membership_forget_args(const char *id, int64_t silent_ms, struct script_args *args)
{
	*args = (struct script_args){ 0 };
	script_arg_str(args, id);
	script_arg_str(args, "");
	script_arg_str(args, "");
	script_arg_str(args, "it was silent for too long");
	script_arg_int(args, silent_ms);
}

int membership_set(struct client *c, const char *id, const struct membership_change *change,
		   uint64_t *epochp, uint64_t *revisionp)
{
	struct script_args args = { .is_sent_once = change->if_revisions };
	redisReply *reply;
	int r;

	script_arg_str(&args, id);
	script_arg_str(&args, change->if_revisions ? change->if_revisions : "*");
	script_arg_str(&args, change->by ? change->by : "");
	if (change->weight) {
		script_arg_str(&args, "weight");
		script_arg_double(&args, *change->weight);
	}
	if (change->state) {
		script_arg_str(&args, "state");
		script_arg_str(&args, analyzer_state_names[*change->state]);
	}
	if (change->fault) {
		script_arg_str(&args, "fault");
		script_arg_str(&args, change->fault);
	}
	r = client_eval(c, SCRIPT_SET, &args, &reply);
	if (r != 0)
		return r;
	r = take_answer(reply, epochp);
	if ((r == 0 || r == MEMBERSHIP_E_CHANGED) && revisionp)
		*revisionp = reply->elements == 3 ? (uint64_t)reply->element[2]->integer : 0;
	freeReplyObject(reply);
	return r;
}

static int read_roster(struct client *c, const struct script_args *args, struct roster **rosterp)
{
	redisReply *reply;
	int r = client_eval(c, SCRIPT_ROSTER, args, &reply);

	if (r != 0)
		return r;
	r = reply->type == REDIS_REPLY_STRING ? roster_parse(reply->str, rosterp)
					      : MEMBERSHIP_E_ANSWER;
	freeReplyObject(reply);
	return r == ROSTER_E_FORMAT ? MEMBERSHIP_E_ANSWER : r;
}

int membership_roster(struct client *c, struct roster **rosterp)
{
	struct script_args args = { 0 };

	return read_roster(c, &args, rosterp);
}

int membership_roster_brief(struct client *c, struct roster **rosterp)
{
	struct script_args args = { 0 };

	script_arg_int(&args, -1); /* no epoch: who knows one gets no accounts */
	return read_roster(c, &args, rosterp);
}
