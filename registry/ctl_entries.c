#include "registry/ctl_entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 19 /* of each number in a name */

/* The digits at the front of text; 0: none, or too many. */
static size_t n_digits(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n <= DIGITS_MAX ? n : 0;
}

static bool is_name(const char *text)
{
	size_t n = n_digits(text), n_more;

	if (n == 0 || text[n] != '-')
		return false;
	n_more = n_digits(text + n + 1);
	return n_more > 0 && text[n + 1 + n_more] == '\0';
}

enum ctl_exit ctl_entries_check(char *const *names)
{
	for (; *names; names++)
		if (!is_name(*names))
			return ctl_usage("\"%s\" is no entry: expected two numbers, e.g. "
					 "1763730000000-0, as the list shows them",
					 *names);
	return CTL_OK;
}

static bool are_entries(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *entry = reply->element[i];

		if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
		    entry->element[0]->type != REDIS_REPLY_STRING ||
		    entry->element[1]->type != REDIS_REPLY_ARRAY)
			return false;
	}
	return true;
}

int ctl_entries_read(struct ctl *ctl, enum registry_key stream, bool is_backward, const char *from,
		     const char *to, unsigned n, redisReply **replyp)
{
	char count[16];
	const char *words[] = { is_backward ? "XREVRANGE" : "XRANGE",
				ctl->keys.names[stream],
				from,
				to,
				"COUNT",
				count };
	int r;

	snprintf(count, sizeof(count), "%u", n);
	r = client_command(ctl->client, replyp, ARRAY_LEN(words), words);
	if (r != 0 || are_entries(*replyp))
		return r;
	freeReplyObject(*replyp);
	*replyp = NULL;
	return MEMBERSHIP_E_ANSWER;
}

int ctl_entries_count(struct ctl *ctl, enum registry_key stream, uint64_t *np)
{
	const char *words[] = { "XLEN", ctl->keys.names[stream] };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(ctl->client, &reply, ARRAY_LEN(words), words);

	if (r == 0 && reply->type != REDIS_REPLY_INTEGER)
		return MEMBERSHIP_E_ANSWER;
	if (r == 0)
		*np = (uint64_t)reply->integer;
	return r;
}

int ctl_redis_now_ms(struct ctl *ctl, uint64_t *nowp)
{
	const char *words[] = { "TIME" };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(ctl->client, &reply, ARRAY_LEN(words), words);

	if (r != 0)
		return r;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return MEMBERSHIP_E_ANSWER;
	*nowp = strtoull(reply->element[0]->str, NULL, 10) * 1000 +
		strtoull(reply->element[1]->str, NULL, 10) / 1000;
	return 0;
}

uint64_t ctl_entry_ms(const char *name)
{
	return strtoull(name, NULL, 10);
}

void ctl_write_age(uint64_t ms, char out[CTL_AGE_MAX])
{
	static const struct {
		uint64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	uint64_t s = ms / 1000;
	size_t i = 0;

	while (i + 2 < ARRAY_LEN(units) && s < units[i].s)
		i++;
	if (s < units[i].s)
		snprintf(out, CTL_AGE_MAX, "%" PRIu64 "s", s);
	else
		snprintf(out, CTL_AGE_MAX, "%" PRIu64 "%s %" PRIu64 "%s", s / units[i].s,
			 units[i].name, s % units[i].s / units[i + 1].s, units[i + 1].name);
}
