#include "node/spill/spill_fetch.h"

#include <string.h>

#include "common/err.h"

void spill_fetch_init(struct spill_fetch *f, const struct spill_fetch_config *config)
{
	*f = (struct spill_fetch){ .config = *config };
}

void spill_fetch_deinit(struct spill_fetch *f)
{
	assert(!f->packet);
}

/* {{name, {field, value, ...}}}, as XRANGE answers; NULL: it has no body, or is not there. */
static const redisReply *find_body(const redisReply *reply)
{
	const redisReply *fields;

	if (reply->elements != 1 || reply->element[0]->type != REDIS_REPLY_ARRAY ||
	    reply->element[0]->elements != 2)
		return NULL;
	fields = reply->element[0]->element[1];
	for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2)
		if (fields->element[i]->type == REDIS_REPLY_STRING &&
		    strcmp(fields->element[i]->str, "body") == 0 &&
		    fields->element[i + 1]->type == REDIS_REPLY_STRING)
			return fields->element[i + 1];
	return NULL;
}

static void end(struct spill_fetch *f, enum spill_fetch_result result)
{
	struct packet *p = f->packet;

	f->packet = NULL;
	if (result != SPILL_FETCHED) {
		packet_free_within(f->config.memory, p);
		p = NULL;
	}
	f->config.on_end(f->config.arg, result, p);
}

static void on_entry(void *arg, const redisReply *reply)
{
	struct spill_fetch *f = arg;
	const redisReply *body;

	assert(f->packet);
	if (!reply || reply->type != REDIS_REPLY_ARRAY) {
		end(f, SPILL_FETCH_FAILED);
		return;
	}
	body = find_body(reply);
	if (!body || packet_reserve_within(f->config.memory, &f->packet, body->len, body->len)) {
		end(f, body ? SPILL_FETCH_FAILED : SPILL_FETCH_GONE);
		return;
	}
	memcpy(f->packet->body, body->str, body->len);
	f->packet->len = body->len;
	end(f, SPILL_FETCHED);
}

bool spill_fetch_start(struct spill_fetch *f, const char *name, uint64_t cost_bytes)
{
	const char *words[] = { "XRANGE", f->config.keys->names[KEY_SPILL], name, name };
	struct packet *p;

	if (f->packet || !link_is_up(f->config.link))
		return false;
	p = packet_new_within(f->config.memory, cost_bytes);
	if (p && packet_reserve_within(f->config.memory, &p, cost_bytes, cost_bytes) == 0) {
		f->packet = p;
		if (link_command(f->config.link, ARRAY_LEN(words), words, on_entry, f) == 0)
			return true;
		f->packet = NULL;
	}
	packet_free_within(f->config.memory, p);
	return false;
}
