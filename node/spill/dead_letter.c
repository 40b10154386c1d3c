#include "node/spill/dead_letter.h"

#include "registry/scripts.h"
#include <string.h>

#define DEAD_MAX_ENTRIES 10000
#define DEAD_MAX_BYTES (256 << 20)

struct burial {
	struct packet *packet;
	void (*fn)(void *arg, struct packet *p, bool is_buried);
	void *arg;
};

static void on_reply(void *arg, const redisReply *reply)
{
	struct burial burial = *(struct burial *)arg;
	bool is_buried = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
			 reply->element[0]->type == REDIS_REPLY_STRING &&
			 strcmp(reply->element[0]->str, "ok") == 0;

	free(arg);
	burial.fn(burial.arg, burial.packet, is_buried);
}

void dead_letter_bury(struct link *link, const char *node_id, struct packet *p,
		      const char *analyzer, int status,
		      void (*fn)(void *arg, struct packet *p, bool is_buried), void *arg)
{
	struct burial *burial = malloc(sizeof(*burial));
	struct json_slice id = packet_id(p);
	struct script_args args = { 0 };

	script_arg(&args, p->body, p->len);
	script_arg_int(&args, p->n_messages);
	script_arg_str(&args, analyzer);
	script_arg_int(&args, status);
	script_arg_str(&args, node_id);
	script_arg_int(&args, DEAD_MAX_ENTRIES);
	script_arg(&args, id.data, id.len);
	script_arg_str(&args, PACKET_MEDIA_TYPE);
	script_arg_int(&args, (int64_t)packet_received_ms(p));
	script_arg_int(&args, DEAD_MAX_BYTES);
	if (burial)
		*burial = (struct burial){ .packet = p, .fn = fn, .arg = arg };
	if (!burial || link_call(link, SCRIPT_BURY, &args, on_reply, burial) != 0) {
		free(burial);
		fn(arg, p, false);
	}
}
