#include "bench/tally.h"

#include "common/json/json_packet.h"

static int on_packet(struct json_cursor *c, unsigned depth, void *arg)
{
	struct json_packet packet;
	struct tally *t = arg;
	int r = json_packet_scan(c, depth, &packet);

	if (r != 0)
		return r;
	t->packets++;
	t->messages += packet.n_messages;
	return 0;
}

bool tally_add(struct tally *t, const char *body, size_t len)
{
	struct json_cursor c = { .at = body, .end = body + len };
	struct tally sum = *t;
	size_t n;
	int r;

	json_scan_space(&c);
	if (c.at < c.end && *c.at == '[')
		r = json_scan_array(&c, JSON_BATCH_MAX_DEPTH, on_packet, &sum, &n);
	else
		r = on_packet(&c, JSON_MAX_DEPTH, &sum);
	if (r != 0)
		return false;
	*t = sum;
	return true;
}
