#include "registry/claim.h"

#include <stdio.h>
#include <string.h>

#include "registry/scripts.h"

static bool is_text(const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING;
}

static int take_answer(const redisReply *reply, struct claim_holder *holder)
{
	redisReply *const *e = reply->element;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || !is_text(e[0]))
		return CLAIM_E_ANSWER;
	if (strcmp(e[0]->str, "ok") == 0)
		return 0;
	if (strcmp(e[0]->str, "newer") == 0 && e[1]->type == REDIS_REPLY_INTEGER) {
		holder->layout = e[1]->integer;
		return CLAIM_E_NEWER;
	}
	if (strcmp(e[0]->str, "in_use") != 0 || reply->elements != 4 ||
	    e[1]->type != REDIS_REPLY_INTEGER || !is_text(e[2]) || !is_text(e[3]))
		return CLAIM_E_ANSWER;
	holder->lease_ms = e[1]->integer;
	snprintf(holder->run, sizeof(holder->run), "%s", e[2]->str);
	snprintf(holder->info, sizeof(holder->info), "%s",
		 e[3]->len < sizeof(holder->info) ? e[3]->str : "{}");
	return CLAIM_E_IN_USE;
}

int claim_make(struct client *client, const struct claim *claim, struct claim_holder *holder)
{
	struct script_args args = { 0 };
	redisReply *reply;
	int r;

	script_arg_str(&args, claim->worker);
	script_arg_str(&args, claim->token);
	script_arg_str(&args, "0");
	script_arg_str(&args, "0");
	script_arg_int(&args, claim->lease_ms);
	script_arg_str(&args, claim->info);
	script_arg_str(&args, claim->ended);
	r = client_eval(client, SCRIPT_CLAIM, &args, &reply);
	if (r != 0)
		return r;
	r = take_answer(reply, holder);
	freeReplyObject(reply);
	return r;
}
