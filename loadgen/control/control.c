#include "loadgen/control/control.h"

#include <string.h>

#include "common/clock.h"
#include "common/front/front.h"
#include "common/log.h"
#include "loadgen/control/control_serve.h"

#define N_THREADS 2 /* orders are short */
#define MAX_CONNECTIONS 256
#define MAX_PER_ADDRESS 64
#define QUEUE 32
#define REQUEST_US (3 * US_PER_S)

struct control {
	struct control_config config;
	struct front *front;
};

static enum front_way decide(void *arg, struct front_request *rq)
{
	const struct control *c = arg;

	return control_decide(&c->config, rq);
}

static void serve(void *arg, struct front_request *rq, unsigned thread UNUSED)
{
	const struct control *c = arg;

	control_command(&c->config, rq);
}

static void on_closed(void *arg UNUSED, enum front_close reason)
{
	log_debug("control", "connection closed", "reason=%s", front_close_names[reason]);
}

static void on_count(void *arg UNUSED, unsigned n_connections)
{
	log_debug("control", "connections", "n=%u", n_connections);
}

static int start_front(struct control *c)
{
	static const struct front_ops ops = {
		.decide = decide, .serve = serve, .on_closed = on_closed, .on_count = on_count
	};
	const struct front_config config = { .name = "control",
					     .ops = &ops,
					     .arg = c,
					     .n_threads = N_THREADS,
					     .n_queue = QUEUE,
					     .max_connections = MAX_CONNECTIONS,
					     .max_per_address = MAX_PER_ADDRESS,
					     .max_body_bytes = CONTROL_MAX_BODY,
					     .may_lack_length = true,
					     .max_held_bytes = MAX_CONNECTIONS * CONTROL_MAX_BODY,
					     .request_us = REQUEST_US };

	return front_new(&config, &c->config.addr, NULL, &c->front);
}

int control_start(const struct control_config *config, struct control **controlp)
{
	struct control *c = calloc(1, sizeof(*c));
	char text[NET_ADDR_STRLEN];
	int r;

	if (!c)
		return -ENOMEM;
	c->config = *config;
	r = start_front(c);
	net_addr_format(&c->config.addr, text);
	if (r) {
		log_error("control", "cannot listen", "addr=%s reason=%s", text, strerror(-r));
		control_stop(c);
		return r;
	}
	log_info("control", "listening", "addr=%s", text);
	*controlp = c;
	return 0;
}

struct control *control_stop(struct control *c)
{
	if (!c)
		return NULL;
	front_free(c->front);
	free(c);
	return NULL;
}

const struct net_addr *control_addr(const struct control *c)
{
	return &c->config.addr;
}
