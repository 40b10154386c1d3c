#include "registry/accounts.h"

#include <stdlib.h>

#include "common/err.h"

const char *const account_names[] = {
	[ACCOUNT_RECEIVED] = "received",
	[ACCOUNT_TAKEN] = "taken",
	[ACCOUNT_DELIVERED] = "delivered",
	[ACCOUNT_SPILLED] = "spilled",
	[ACCOUNT_DEAD] = "dead",
	[ACCOUNT_REFUSED] = "refused",
	[ACCOUNT_LOST] = "lost",
	[ACCOUNT_IN_FLIGHT] = "in_flight",
	[ACCOUNT_ENDED_IN_FLIGHT] = "ended_in_flight",
	[ACCOUNTS] = NULL,
};
static_assert(ARRAY_LEN(account_names) == ACCOUNTS + 1, "every account has a name");

double accounts_number(const cJSON *item)
{
	if (cJSON_IsString(item))
		return strtod(item->valuestring, NULL);
	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double number_at(const cJSON *pair, int i)
{
	return accounts_number(cJSON_GetArrayItem(pair, i));
}

void accounts_parse(struct accounts *accounts, const cJSON *json)
{
	for (int i = 0; i < ACCOUNTS; i++) {
		const cJSON *pair = cJSON_GetObjectItemCaseSensitive(json, account_names[i]);

		accounts->of[i] = (struct amount){ number_at(pair, 0), number_at(pair, 1) };
	}
	accounts->has_lost = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "has_lost"));
}

void accounts_encode(const struct accounts *accounts, struct buf *out)
{
	for (int i = 0; i < ACCOUNT_ENDED_IN_FLIGHT; i++)
		buf_printf(out, "%s\"%s\":[%.0f,%.0f]", i == 0 ? "{" : ",", account_names[i],
			   accounts->of[i].packets, accounts->of[i].messages);
	buf_append_str(out, "}");
}

struct amount accounts_spilled(const struct accounts *accounts)
{
	const struct amount *in = &accounts->of[ACCOUNT_SPILLED],
			    *out = &accounts->of[ACCOUNT_TAKEN];

	return (struct amount){ in->packets - out->packets, in->messages - out->messages };
}

struct amount accounts_missing(const struct accounts *accounts)
{
	struct amount missing = { 0 };

	for (int i = 0; i < ACCOUNTS; i++) {
		double sign = i == ACCOUNT_RECEIVED || i == ACCOUNT_TAKEN ? 1 : -1;

		missing.packets += sign * accounts->of[i].packets;
		missing.messages += sign * accounts->of[i].messages;
	}
	return missing;
}

/* As accounts_json and accounts_write show it. */
static struct amount shown(const struct accounts *accounts, enum account i)
{
	return i == ACCOUNT_SPILLED ? accounts_spilled(accounts) : accounts->of[i];
}

cJSON *accounts_json(const struct accounts *accounts)
{
	cJSON *json = cJSON_CreateObject();

	for (int i = 0; i < ACCOUNTS; i++) {
		struct amount amount = shown(accounts, (enum account)i);
		cJSON *object;

		if (i == ACCOUNT_TAKEN)
			continue;
		object = cJSON_AddObjectToObject(json, account_names[i]);
		cJSON_AddNumberToObject(object, "packets", amount.packets);
		cJSON_AddNumberToObject(object, "messages", amount.messages);
	}
	return json;
}

void accounts_write(const struct accounts *accounts, struct buf *out)
{
	static const char *const words[ACCOUNTS] = {
		[ACCOUNT_RECEIVED] = "received",
		[ACCOUNT_DELIVERED] = "delivered",
		[ACCOUNT_SPILLED] = "spilled",
		[ACCOUNT_DEAD] = "dead",
		[ACCOUNT_REFUSED] = "refused",
		[ACCOUNT_LOST] = "lost",
		[ACCOUNT_IN_FLIGHT] = "in flight",
		[ACCOUNT_ENDED_IN_FLIGHT] = "in flight in ended runs",
	};

	for (int i = 0; i < ACCOUNTS; i++) {
		struct amount amount = shown(accounts, (enum account)i);

		if (!words[i])
			continue;
		if (i != ACCOUNT_RECEIVED)
			buf_append_str(out, i == ACCOUNT_DELIVERED ? " = " : " + ");
		buf_printf(out,
			   i == ACCOUNT_RECEIVED ? "%s %.0f packets of %.0f messages"
						 : "%s %.0f of %.0f",
			   words[i], amount.packets, amount.messages);
	}
}
