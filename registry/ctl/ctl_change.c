#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_drain.h"
#include "registry/ctl/ctl_fault.h"
#include "registry/entries.h"

#define FAULT_MAX (CTL_FAULT_SIZE - 1)

static bool is_word(const char *text)
{
	size_t len = 0;

	while (isgraph((unsigned char)text[len]))
		len++;
	return len > 0 && len <= FAULT_MAX && text[len] == '\0';
}

/* "a1, a2, a3", of those registered. */
static void list_ids(struct ctl *ctl, struct buf *out)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;

	if (membership_roster(ctl->client, &roster) != 0)
		return;
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		buf_printf(out, "%s%s", i ? ", " : "", roster->analyzers[i].id);
}

static enum ctl_exit explain_unknown(struct ctl *ctl, const char *id)
{
	struct buf known CLEANUP(buf_deinit) = { 0 };

	list_ids(ctl, &known);
	if (!known.len)
		return ctl_fail("no analyzer \"%s\" in pool \"%s\": nobody is registered there", id,
				ctl->options.pool);
	return ctl_fail("no analyzer \"%s\" in pool \"%s\" (known: %s)", id, ctl->options.pool,
			buf_str(&known));
}

enum ctl_exit ctl_explain(struct ctl *ctl, int error, const char *id)
{
	bool is_apart = ctl->store && ctl->store != ctl->client;
	const struct client *client = is_apart ? ctl->store : ctl->client;
	char redis[REDIS_URL_STRLEN];

	redis_url_describe(is_apart ? &ctl->store_url : &ctl->url, redis);
	switch (error) {
	case 0:
		return CTL_OK;
	case MEMBERSHIP_E_UNKNOWN:
		return explain_unknown(ctl, id);
	case CLIENT_E_AWAY:
		if (client_was_answered(client))
			return ctl_fail("Redis at %s refused: %s", redis, client_error(client));
		return ctl_fail("Redis at %s: %s (is it there? --%s says where)", redis,
				client_error(client), is_apart ? "spill-redis" : "redis");
	case CLIENT_E_REPLY:
		return ctl_fail("Redis at %s refused: %s", redis, client_error(client));
	case MEMBERSHIP_E_ANSWER:
	case ENTRIES_E_ANSWER:
		return ctl_fail(
			"Redis at %s answered something else: is pool \"%s\" of another version?",
			redis, ctl->options.pool);
	default:
		return ctl_fail("%s", strerror(-error));
	}
}

enum ctl_exit ctl_print_json(cJSON *json)
{
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	if (!text)
		return ctl_fail("out of memory");
	/* One line: what is no string may be a body with line ends between its values. */
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	puts(text);
	free(text);
	return CTL_OK;
}

/* The analyzer as it is after the change. */
static enum ctl_exit show(struct ctl *ctl, const char *id, uint64_t epoch)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	int r = membership_roster(ctl->client, &roster);
	const struct analyzer *a = r == 0 ? roster_find(roster, id) : NULL;

	if (r != 0)
		return ctl_explain(ctl, r, id);
	if (!a)
		return ctl_fail("\"%s\" left just now", id);
	if (ctl->options.json)
		return ctl_print_json(cluster_analyzer_json(roster, a));
	printf("%s: %s, weight %.15g, share %.2f %% (epoch %llu)\n", id,
	       analyzer_state_names[a->state], a->weight, 100 * a->share,
	       (unsigned long long)epoch);
	return CTL_OK;
}

static enum ctl_exit apply(struct ctl *ctl, const char *id, struct membership_change *change)
{
	const char *wrong = membership_check_id(id);
	uint64_t epoch;
	int r;

	if (wrong)
		return ctl_usage("\"%s\" is no analyzer: %s", id, wrong);
	change->by = ctl->by;
	r = membership_set(ctl->client, id, change, &epoch, NULL);
	return r == 0 ? show(ctl, id, epoch) : ctl_explain(ctl, r, id);
}

enum ctl_exit ctl_weight(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	char *end;
	double weight = strtod(arguments[1], &end);
	struct membership_change change = { .weight = &weight };
	const char *wrong = membership_check_weight(weight);

	(void)command;
	if (end == arguments[1] || *end || wrong)
		return ctl_usage("\"%s\" is no weight: %s", arguments[1],
				 wrong ? wrong : membership_check_weight(-1));
	return apply(ctl, arguments[0], &change);
}

enum ctl_exit ctl_state(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	static const struct {
		const char *command;
		enum analyzer_state state;
	} states[] = { { "enable", ANALYZER_ACTIVE },
		       { "drain", ANALYZER_DRAINING },
		       { "disable", ANALYZER_DISABLED } };
	struct membership_change change = { 0 };
	enum ctl_exit code;

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i].command, command->name) == 0)
			change.state = &states[i].state;
	assert(change.state);
	code = apply(ctl, arguments[0], &change);
	return code == CTL_OK && ctl->options.wait ? ctl_drain_wait(ctl, arguments[0]) : code;
}

enum ctl_exit ctl_remove(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	const char *id = arguments[0], *wrong = membership_check_id(id);
	uint64_t epoch;
	int r;

	(void)command;
	if (wrong)
		return ctl_usage("\"%s\" is no analyzer: %s", id, wrong);
	r = membership_remove(ctl->client, id, ctl->by, &epoch);
	if (r != 0)
		return ctl_explain(ctl, r, id);
	if (ctl->options.json)
		printf("{\"removed\":\"%s\",\"epoch\":%llu}\n", id, (unsigned long long)epoch);
	else
		printf("%s: removed; what it got still counts\n", id);
	return CTL_OK;
}

/* "0.300" becomes "0.3", "1.000" becomes "1": there is a point in it. */
static void trim_zeros(char *number)
{
	size_t len = strlen(number);

	while (number[len - 1] == '0')
		len--;
	number[number[len - 1] == '.' ? len - 1 : len] = '\0';
}

/* What is asked for, as analyzers are told it. Returns how many faults that is. */
static int name_fault(const struct ctl_options *o, const char *word, char fault[FAULT_MAX + 1])
{
	fault[0] = '\0';
	if (o->latency_ms > 0)
		snprintf(fault, FAULT_MAX + 1, "slow:%llu", (unsigned long long)o->latency_ms);
	if (o->errors > 0) {
		snprintf(fault, FAULT_MAX + 1, "error:%.9f", o->errors); /* never 3e-05 */
		trim_zeros(fault);
	}
	if (o->off)
		snprintf(fault, FAULT_MAX + 1, "down");
	if (word && strcmp(word, "none") != 0)
		snprintf(fault, FAULT_MAX + 1, "%s", word);
	return (o->latency_ms > 0) + (o->errors > 0) + o->off + o->clear + (word != NULL);
}

enum ctl_exit ctl_fault_name(const struct ctl_options *options, const char *word,
			     char fault[CTL_FAULT_SIZE])
{
	if (word && !is_word(word))
		return ctl_usage("\"%s\" is no fault: expected a word of at most %d letters", word,
				 FAULT_MAX);
	if (name_fault(options, word, fault) != 1)
		return ctl_usage(
			"fault needs one of --latency TIME, --errors PART (above 0), --off, "
			"--clear");
	return CTL_OK;
}

enum ctl_exit ctl_fault(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	char fault[CTL_FAULT_SIZE];
	struct membership_change change = { .fault = fault };
	enum ctl_exit code = ctl_fault_name(&ctl->options, arguments[1], fault);

	(void)command;
	if (code != CTL_OK)
		return code;
	code = apply(ctl, arguments[0], &change);
	if (code == CTL_OK && !ctl->options.json)
		printf("%s: %s%s, from its next heartbeat on\n", arguments[0],
		       *fault ? "fault " : "no fault", fault);
	return code;
}
