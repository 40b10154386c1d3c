/* Dead letters are sent again, or deleted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "registry/ctl_entries.h"

/* How far it has come. */
struct tally {
	uint64_t n_done, n_missing;
	bool is_full; /* the spill: nothing more can be replayed */
};

/* What is done to at most CTL_ENTRIES_CHUNK letters; as functions of client.h. */
typedef int act_fn(struct ctl *ctl, const char *const *names, unsigned n, struct tally *tally);

static int replay(struct ctl *ctl, const char *const *names, unsigned n, struct tally *tally)
{
	struct iovec more[CTL_ENTRIES_CHUNK];
	struct script_args args = { .more = more, .n_more = n };
	redisReply *reply AUTO_REPLY = NULL;
	int r;

	for (unsigned i = 0; i < n; i++)
		more[i] = (struct iovec){ (void *)(uintptr_t)names[i], strlen(names[i]) };
	script_arg_int(&args, (int64_t)ctl->options.spill_max_bytes);
	r = client_eval(ctl->client, SCRIPT_REPLAY, &args, &reply);
	if (r != 0)
		return r;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_INTEGER ||
	    reply->element[2]->type != REDIS_REPLY_INTEGER)
		return MEMBERSHIP_E_ANSWER;
	tally->is_full = strcmp(reply->element[0]->str, "full") == 0;
	tally->n_done += (uint64_t)reply->element[1]->integer;
	tally->n_missing += (uint64_t)reply->element[2]->integer;
	return 0;
}

static int purge(struct ctl *ctl, const char *const *names, unsigned n, struct tally *tally)
{
	const char *words[2 + CTL_ENTRIES_CHUNK] = { "XDEL", ctl->keys.names[KEY_DEAD] };
	redisReply *reply AUTO_REPLY = NULL;
	int r;

	memcpy(words + 2, names, n * sizeof(*names));
	r = client_command(ctl->client, &reply, 2 + n, words);
	if (r == 0 && (reply->type != REDIS_REPLY_INTEGER || reply->integer > n))
		return MEMBERSHIP_E_ANSWER;
	if (r != 0)
		return r;
	tally->n_done += (uint64_t)reply->integer;
	tally->n_missing += n - (uint64_t)reply->integer;
	return 0;
}

static const struct deed {
	const char *command; /* its name */
	const char *done;    /* "replayed": in the answer */
	act_fn *act;
} replaying = { "dead replay", "replayed", replay }, purging = { "dead purge", "purged", purge };

static void show_progress(const struct deed *deed, const struct tally *tally, uint64_t n_total)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %" PRIu64 " of %" PRIu64, deed->done, tally->n_done, n_total);
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* The latest letter: what comes later (as what was replayed may) is none of "all". */
static int find_last(struct ctl *ctl, char last[SPILL_ENTRY_NAME_MAX])
{
	redisReply *reply AUTO_REPLY = NULL;
	int r = ctl_entries_read(ctl, KEY_DEAD, true, "+", "-", 1, &reply);

	if (r != 0)
		return r;
	snprintf(last, SPILL_ENTRY_NAME_MAX, "%s",
		 reply->elements ? reply->element[0]->element[0]->str : "");
	return 0;
}

/* The next letters from `from` to `last`; `from` goes behind them. *np: how many. */
static int do_chunk(struct ctl *ctl, const struct deed *deed, char from[SPILL_ENTRY_NAME_MAX],
		    const char *last, struct tally *tally, unsigned *np)
{
	redisReply *reply AUTO_REPLY = NULL;
	const char *names[CTL_ENTRIES_CHUNK];
	int r = ctl_entries_read(ctl, KEY_DEAD, false, from, last, CTL_ENTRIES_CHUNK, &reply);

	*np = r == 0 ? (unsigned)reply->elements : 0;
	if (*np == 0)
		return r;
	for (unsigned i = 0; i < *np; i++)
		names[i] = reply->element[i]->element[0]->str;
	snprintf(from, SPILL_ENTRY_NAME_MAX, "(%s", names[*np - 1]);
	return deed->act(ctl, names, *np, tally);
}

static int do_all(struct ctl *ctl, const struct deed *deed, struct tally *tally)
{
	char from[SPILL_ENTRY_NAME_MAX] = "-", last[SPILL_ENTRY_NAME_MAX];
	uint64_t n_total = 0;
	unsigned n = CTL_ENTRIES_CHUNK;
	int r = find_last(ctl, last);

	if (r == 0)
		r = ctl_entries_count(ctl, KEY_DEAD, &n_total);
	while (r == 0 && last[0] && n == CTL_ENTRIES_CHUNK && !tally->is_full) {
		r = do_chunk(ctl, deed, from, last, tally, &n);
		show_progress(deed, tally, n_total);
	}
	end_progress();
	tally->n_missing = 0; /* somebody else did it meanwhile */
	return r;
}

/* Complains of each that is not there. */
static int do_named(struct ctl *ctl, const struct deed *deed, char **names, struct tally *tally)
{
	int r = 0;

	for (; *names && r == 0 && !tally->is_full; names++) {
		uint64_t n_missing = tally->n_missing;

		r = deed->act(ctl, (const char *const *)names, 1, tally);
		if (tally->n_missing > n_missing)
			ctl_fail("no entry %s in pool \"%s\" (see weirctl dead list)", *names,
				 ctl->options.pool);
	}
	return r;
}

static enum ctl_exit answer(struct ctl *ctl, const struct deed *deed, const struct tally *tally)
{
	enum ctl_exit code = tally->n_missing || tally->is_full ? CTL_FAILED : CTL_OK;
	cJSON *json;

	if (ctl->options.json) {
		json = cJSON_CreateObject();
		cJSON_AddNumberToObject(json, deed->done, (double)tally->n_done);
		cJSON_AddNumberToObject(json, "missing", (double)tally->n_missing);
		cJSON_AddBoolToObject(json, "full", tally->is_full);
		if (ctl_print_json(json) != CTL_OK)
			return CTL_FAILED;
	} else {
		printf("%s %" PRIu64 " %s\n", deed->done, tally->n_done,
		       tally->n_done == 1 ? "packet" : "packets");
	}
	if (tally->is_full)
		ctl_fail("the spill is full (%" PRIu64
			 " bytes, --spill-max-bytes): the others stay "
			 "dead; replay them when it has drained (see weirctl spill)",
			 ctl->options.spill_max_bytes);
	return code;
}

static enum ctl_exit run(struct ctl *ctl, const struct deed *deed, char **names)
{
	struct tally tally = { 0 };
	bool is_all = strcmp(names[0], "all") == 0;
	int r;

	if (is_all)
		r = do_all(ctl, deed, &tally);
	else
		r = do_named(ctl, deed, names, &tally);
	if (r != 0 && tally.n_done > 0)
		ctl_fail("stopped after %" PRIu64 " packets", tally.n_done);
	return r == 0 ? answer(ctl, deed, &tally) : ctl_explain(ctl, r, NULL);
}

/* "all" alone, or entries. */
static enum ctl_exit check(const struct deed *deed, char **names)
{
	bool is_all = strcmp(names[0], "all") == 0;

	if (is_all && names[1])
		return ctl_usage("%s: all, or entries, but not both", deed->command);
	return is_all ? CTL_OK : ctl_entries_check(names);
}

/* Asks on a terminal. */
static enum ctl_exit confirm(struct ctl *ctl)
{
	char answer[16] = "";
	uint64_t n;
	int r;

	if (ctl->options.yes)
		return CTL_OK;
	if (!isatty(STDIN_FILENO))
		return ctl_usage("dead purge all: deletes for good, so it needs --yes");
	r = ctl_entries_count(ctl, KEY_DEAD, &n);
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	fprintf(stderr, "Delete %" PRIu64 " dead letters of pool \"%s\" for good? [y/N] ", n,
		ctl->options.pool);
	if (!fgets(answer, sizeof(answer), stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
		return ctl_fail("nothing was deleted");
	return CTL_OK;
}

enum ctl_exit ctl_dead_replay(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	enum ctl_exit code = check(&replaying, arguments);

	(void)command;
	return code == CTL_OK ? run(ctl, &replaying, arguments) : code;
}

enum ctl_exit ctl_dead_purge(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	enum ctl_exit code = check(&purging, arguments);

	(void)command;
	if (code == CTL_OK && strcmp(arguments[0], "all") == 0)
		code = confirm(ctl);
	return code == CTL_OK ? run(ctl, &purging, arguments) : code;
}
