#include "node/spill/spill_undo.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/scripts.h"

#define RETRY_US 100000 /* after a call that Redis did not want to hear */
#define RUN_BYTES 4

int spill_undo_init(struct spill_undo *u, struct link *link, const char *worker, const char *name,
		    const char *stream)
{
	char run[2 * RUN_BYTES + 1];
	int r = rng_token(run, RUN_BYTES);

	*u = (struct spill_undo){ .link = link, .stream = stream };
	snprintf(u->who, sizeof(u->who), "%s#%s:%s", worker, run, name);
	return r;
}

uint64_t spill_undo_next(struct spill_undo *u)
{
	assert(u->need == SPILL_UNDO_NOTHING);
	spill_done_begin(&u->done);
	return ++u->number;
}

void spill_undo_call(struct spill_undo *u)
{
	u->need = SPILL_UNDO_CALL;
}

void spill_undo_entry(struct spill_undo *u, const char *name, uint32_t n_messages,
		      uint64_t cost_bytes)
{
	char *own = u->names[u->done.n];

	assert(u->done.n < SPILL_PUSH_MAX);
	snprintf(own, SPILL_ENTRY_NAME_MAX, "%s", name);
	spill_done_add(&u->done, own, n_messages, cost_bytes);
	u->need = SPILL_UNDO_ENTRIES;
}

static void on_undone(void *arg, const redisReply *reply)
{
	struct spill_undo *u = arg;
	struct spill_left left;

	u->is_calling = false;
	if (spill_done_answer(reply, &left) != 0) {
		u->next_us = clock_mono_us() + RETRY_US;
		return;
	}
	u->need = SPILL_UNDO_NOTHING;
	if (left.n_removed)
		log_info("spill", "stored too late, taken back", "packets=%u", left.n_removed);
}

static int undo_call(struct spill_undo *u)
{
	struct script_args args = { 0 };

	script_arg_str(&args, u->who);
	script_arg_int(&args, (int64_t)u->number);
	script_arg_str(&args, u->stream);
	return link_call(u->link, SCRIPT_SPILL_VOID, &args, on_undone, u);
}

void spill_undo_turn(struct spill_undo *u, uint64_t now_us)
{
	if (u->need == SPILL_UNDO_NOTHING || u->is_calling || now_us < u->next_us ||
	    !link_is_up(u->link))
		return;
	if (u->need == SPILL_UNDO_CALL)
		u->is_calling = undo_call(u) == 0;
	else
		u->is_calling =
			link_call(u->link, SCRIPT_SPILL_DONE, &u->done.args, on_undone, u) == 0;
}
