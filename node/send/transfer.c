#include "node/send/transfer.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"

size_t transfer_copy(const struct transfer *t, struct transfer_place *place, void *out, size_t size)
{
	size_t n_given = 0;

	while (size > n_given && place->part < t->n_parts) {
		const struct iovec *part = &t->parts[place->part];
		size_t left = part->iov_len - place->offset;
		size_t n = left < size - n_given ? left : size - n_given;

		memcpy((char *)out + n_given, (const char *)part->iov_base + place->offset, n);
		n_given += n;
		place->offset += n;
		if (place->offset == part->iov_len) {
			place->part++;
			place->offset = 0;
		}
	}
	return n_given;
}

bool transfer_is_copied(const struct transfer *t, const struct transfer_place *place)
{
	return place->part == t->n_parts;
}

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
	t->is_json_cut = t->is_json_long = false;
	t->started_us = clock_mono_us();
	t->conn = NULL;
	t->request = NULL;
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
	assert(!t->conn && !t->request); /* on_done may start it anew, or free it */
	t->result = result;
	t->error = error;
	t->ended_us = clock_mono_us();
	t->on_done(t);
}
