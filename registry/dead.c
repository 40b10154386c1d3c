#include "registry/dead.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "registry/journal.h"
#include "registry/scripts.h"

static int replay(struct dead_work *work, const char *const *names, unsigned n)
{
	struct iovec more[ENTRIES_CHUNK];
	struct script_args args = { .more = more, .n_more = n, .is_sent_once = true };
	redisReply *reply AUTO_REPLY = NULL;
	int r;

	for (unsigned i = 0; i < n; i++)
		more[i] = (struct iovec){ (void *)(uintptr_t)names[i], strlen(names[i]) };
	script_arg_int(&args, (int64_t)work->spill_max_bytes);
	r = client_eval(work->dead.client, SCRIPT_REPLAY, &args, &reply);
	if (r != 0)
		return r;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_INTEGER ||
	    reply->element[2]->type != REDIS_REPLY_INTEGER)
		return ENTRIES_E_ANSWER;
	work->is_full = strcmp(reply->element[0]->str, "full") == 0;
	work->n_done += (uint64_t)reply->element[1]->integer;
	work->n_missing += (uint64_t)reply->element[2]->integer;
	return 0;
}

static int purge(struct dead_work *work, const char *const *names, unsigned n)
{
	const char *words[2 + ENTRIES_CHUNK] = { "XDEL", work->dead.keys->names[KEY_DEAD] };
	redisReply *reply AUTO_REPLY = NULL;
	int r;

	memcpy(words + 2, names, n * sizeof(*names));
	r = client_command(work->dead.client, &reply, 2 + n, words);
	if (r == 0 &&
	    (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 || reply->integer > n))
		return ENTRIES_E_ANSWER;
	if (r != 0)
		return r;
	work->n_done += (uint64_t)reply->integer;
	work->n_missing += n - (uint64_t)reply->integer;
	return 0;
}

int dead_do(struct dead_work *work, const char *const *names, unsigned n)
{
	return work->deed == DEAD_REPLAY ? replay(work, names, n) : purge(work, names, n);
}

/* What comes later than the latest letter, as what was replayed may, is none of "all". */
int dead_begin(struct dead_work *work)
{
	const struct entries_range latest = { .is_backward = true, .from = "+", .to = "-", .n = 1 };
	redisReply *reply AUTO_REPLY = NULL;
	int r = entries_read(&work->dead, &latest, &reply);

	if (r != 0)
		return r;
	snprintf(work->from, sizeof(work->from), "-");
	snprintf(work->last, sizeof(work->last), "%s",
		 reply->elements ? reply->element[0]->element[0]->str : "");
	return entries_count(&work->dead, &work->n_total);
}

int dead_step(struct dead_work *work, bool *is_overp)
{
	const struct entries_range next = { .from = work->from,
					    .to = work->last,
					    .n = ENTRIES_CHUNK };
	redisReply *reply AUTO_REPLY = NULL;
	const char *names[ENTRIES_CHUNK];
	unsigned n;
	int r = work->last[0] ? entries_read(&work->dead, &next, &reply) : 0;

	if (r != 0)
		return r;
	n = reply ? (unsigned)reply->elements : 0;
	for (unsigned i = 0; i < n; i++)
		names[i] = reply->element[i]->element[0]->str;
	if (n > 0) {
		snprintf(work->from, sizeof(work->from), "(%s", names[n - 1]);
		r = dead_do(work, names, n);
	}
	work->n_missing = 0; /* somebody else did it meanwhile */
	*is_overp = n == 0 || work->is_full;
	return r;
}

void dead_tell(const struct dead_work *work)
{
	const char *kind = work->deed == DEAD_REPLAY ? "replayed" : "purged";
	char n[24];

	if (work->n_done == 0)
		return;
	snprintf(n, sizeof(n), "%" PRIu64, work->n_done);
	if (journal_tell(work->dead.client, work->dead.keys, kind, n, work->by) != 0)
		log_debug("registry", "the journal cannot be written");
}
