#include "node/send/transfer.h"

#include "common/clock.h"
#include "common/err.h"

void transfer_begin(struct transfer *t)
{
	t->result = TRANSFER_BROKEN;
	t->error = "";
	t->status = 0;
	t->retry_after_s = 0;
	t->was_resent = false;
	t->said = NULL;
	t->said_len = 0;
	t->json = NULL;
	t->json_len = 0;
	t->is_json_cut = false;
	t->started_us = clock_mono_us();
	t->conn = NULL;
	t->call = NULL;
}

void transfer_take_answer(struct transfer *t, int status, int64_t retry_after_s)
{
	t->status = status;
	if (retry_after_s > TRANSFER_MAX_RETRY_AFTER_S)
		t->retry_after_s = TRANSFER_MAX_RETRY_AFTER_S;
	else if (retry_after_s > 0)
		t->retry_after_s = (uint32_t)retry_after_s;
}

void transfer_end(struct transfer *t, enum transfer_result result, const char *error)
{
	assert(result < TRANSFER_RESULTS && t->on_done);
	t->result = result;
	t->error = error;
	t->ended_us = clock_mono_us();
	t->on_done(t);
}
