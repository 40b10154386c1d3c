/* Dead letters are sent again, or deleted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "registry/ctl/ctl_dead.h"
#include "registry/ctl/ctl_entries.h"
#include "registry/dead.h"

static const struct deed {
	const char *command; /* its name */
	const char *done;    /* "replayed": in the answer */
	enum dead_deed deed;
} replaying = { "dead replay", "replayed", DEAD_REPLAY },
  purging = { "dead purge", "purged", DEAD_PURGE };

static void show_progress(const struct deed *deed, const struct dead_work *work)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %" PRIu64 " of %" PRIu64, deed->done, work->n_done,
			work->n_total);
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static int do_all(const struct deed *deed, struct dead_work *work)
{
	bool is_over = false;
	int r = dead_begin(work);

	while (r == 0 && !is_over) {
		r = dead_step(work, &is_over);
		show_progress(deed, work);
	}
	end_progress();
	return r;
}

/* Complains of each that is not there. */
static int do_named(struct ctl *ctl, char **names, struct dead_work *work)
{
	int r = 0;

	for (; *names && r == 0 && !work->is_full; names++) {
		uint64_t n_missing = work->n_missing;

		r = dead_do(work, (const char *const *)names, 1);
		if (work->n_missing > n_missing)
			ctl_fail("no entry %s in pool \"%s\" (see weirctl dead list)", *names,
				 ctl->options.pool);
	}
	return r;
}

static enum ctl_exit answer(struct ctl *ctl, const struct deed *deed, const struct dead_work *work)
{
	enum ctl_exit code = work->n_missing || work->is_full ? CTL_FAILED : CTL_OK;
	cJSON *json;

	if (ctl->options.json) {
		json = cJSON_CreateObject();
		cJSON_AddNumberToObject(json, deed->done, (double)work->n_done);
		cJSON_AddNumberToObject(json, "missing", (double)work->n_missing);
		cJSON_AddBoolToObject(json, "full", work->is_full);
		if (ctl_print_json(json) != CTL_OK)
			return CTL_FAILED;
	} else {
		printf("%s %" PRIu64 " %s\n", deed->done, work->n_done,
		       work->n_done == 1 ? "packet" : "packets");
	}
	if (work->is_full)
		ctl_fail("the spill is full (%" PRIu64
			 " bytes, --spill-max-bytes): the others stay "
			 "dead; replay them when it has drained (see weirctl spill)",
			 ctl->options.spill_max_bytes);
	return code;
}

static enum ctl_exit run(struct ctl *ctl, const struct deed *deed, char **names)
{
	struct dead_work work = { .dead = ctl_entries_of(ctl, KEY_DEAD),
				  .deed = deed->deed,
				  .by = ctl->by,
				  .spill_max_bytes = ctl->options.spill_max_bytes };
	bool is_all = strcmp(names[0], "all") == 0;
	int r = is_all ? do_all(deed, &work) : do_named(ctl, names, &work);

	dead_tell(&work);
	if (r != 0 && work.n_done > 0)
		ctl_fail("stopped after %" PRIu64 " packets", work.n_done);
	return r == 0 ? answer(ctl, deed, &work) : ctl_explain(ctl, r, NULL);
}

/* "all" alone, or entries. */
static enum ctl_exit check(const struct deed *deed, char **names)
{
	bool is_all = strcmp(names[0], "all") == 0;

	if (is_all && names[1])
		return ctl_usage("%s takes all, or entries, but not both", deed->command);
	return is_all ? CTL_OK : ctl_entries_check(names);
}

static enum ctl_exit count(struct ctl *ctl, double *np)
{
	const struct entries dead = ctl_entries_of(ctl, KEY_DEAD);
	uint64_t n = 0;
	int r = entries_count(&dead, &n);

	*np = (double)n;
	return ctl_explain(ctl, r, NULL);
}

enum ctl_exit ctl_dead_confirm(struct ctl *ctl, ctl_dead_count_fn *how_many)
{
	const char *node = ctl->options.admin;
	char answer[16] = "";
	enum ctl_exit code;
	double n;

	if (ctl->options.yes)
		return CTL_OK;
	if (!isatty(STDIN_FILENO))
		return ctl_usage("dead purge all deletes for good, so it needs --yes");
	code = how_many(ctl, &n);
	if (code != CTL_OK)
		return code;
	fprintf(stderr, "Delete %.0f dead letters of %s \"%s\" for good? [y/N] ", n,
		node ? "the pool of the node at" : "pool", node ? node : ctl->options.pool);
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
		code = ctl_dead_confirm(ctl, count);
	return code == CTL_OK ? run(ctl, &purging, arguments) : code;
}
