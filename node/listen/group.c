#include "node/listen/group.h"

#include <assert.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "node/packet/packet_form.h"

#define GROUP_BYTES (64u << 10)
#define GROUP_MESSAGES 1000
#define GROUP_US 20000 /* a group is looked at after this time, and again after as long */
#define FIRST_BYTES 2048
#define UNMEASURED_PART 64 /* of max-body: messages whose JSON form is shorter are not measured */

static void link_open(struct source *source, struct parcel *parcel)
{
	struct listen_shared *s = source->shared;
	struct timeval tv = clock_timeval(GROUP_US);

	assert(!source->open); /* it is in the list once */
	source->open = parcel;
	source->prev_open = s->last_open;
	source->next_open = NULL;
	*(s->last_open ? &s->last_open->next_open : &s->first_open) = source;
	s->last_open = source;
	if (!evtimer_pending(s->group_timer, NULL))
		evtimer_add(s->group_timer, &tv);
}

static void unlink_open(struct source *source)
{
	struct listen_shared *s = source->shared;

	*(source->prev_open ? &source->prev_open->next_open : &s->first_open) = source->next_open;
	*(source->next_open ? &source->next_open->prev_open : &s->last_open) = source->prev_open;
	source->open = NULL;
}

static int append_bytes(struct parcel *parcel, const struct group_part *parts, unsigned n_parts)
{
	struct packet *p;
	size_t n = 0;
	int r;

	for (unsigned i = 0; i < n_parts; i++)
		n += parts[i].len;
	r = packet_reserve_within(parcel->shared->config.memory, &parcel->packet, n, SIZE_MAX);
	if (r != 0)
		return r;
	p = parcel->packet;
	assert(n <= p->capacity - p->len);
	for (unsigned i = 0; i < n_parts; i++) {
		memcpy(p->body + p->len, parts[i].data, parts[i].len);
		p->len += parts[i].len;
	}
	return 0;
}

/* The tag of a frame stands in each of its messages. */
static size_t json_bound(enum format_id format, const struct format_body *body, uint64_t n_messages)
{
	if (format != FORMAT_FORWARD)
		return format_json_bound(format, body);
	return 64 + (48 + 6 * n_messages) * (body->len + 1);
}

/*
 * The JSON form of the messages that begin at `from` has at most *n_jsonp bytes. It is written only
 * where the bound is large, and not kept: the group may grow. 0, -ENOMEM, GROUP_E_LONG.
 */
static int measure(const struct parcel *parcel, size_t from, uint64_t n_messages, size_t *n_jsonp)
{
	const struct listen_config *config = &parcel->shared->config;
	const struct packet *p = parcel->packet;
	struct packet_request request = packet_request(p);
	const struct format_body body = { p->body + from, p->len - from, request.path,
					  request.query };
	size_t left = memory_left(config->memory);
	struct buf json = { 0 };
	struct format_sink sink = { .out = &json, .max_bytes = config->max_body_bytes };
	int r;

	*n_jsonp = json_bound(request.format, &body, n_messages);
	if (packet_is_json(p) || *n_jsonp <= config->max_body_bytes / UNMEASURED_PART)
		return 0;
	if (sink.max_bytes > left)
		sink.max_bytes = left;
	r = format_read(request.format, &body, &sink);
	*n_jsonp = json.len;
	buf_deinit(&json);
	if (r == FORMAT_E_TOO_LARGE && sink.max_bytes == config->max_body_bytes)
		return GROUP_E_LONG;
	return r == 0 ? 0 : -ENOMEM;
}

/* All of them or none: -ENOMEM, GROUP_E_LONG. */
static int append(struct parcel *parcel, const struct group_part *parts, unsigned n_parts,
		  uint64_t n_messages)
{
	size_t from = parcel->packet->len, n_json = 0;
	int r = append_bytes(parcel, parts, n_parts);

	if (r == 0)
		r = measure(parcel, from, n_messages, &n_json);
	if (r == 0 && parcel->n_json + n_json > parcel->shared->config.max_body_bytes)
		r = GROUP_E_LONG;
	if (r != 0) {
		parcel->packet->len = from;
		return r;
	}
	parcel->n_json += n_json;
	parcel->packet->n_messages += (uint32_t)n_messages;
	return 0;
}

/* As if it had come in a request. */
static int set_form(struct source *source, struct packet *p)
{
	const char *path = listen_port_path(source->port);
	struct packet_request request = { .format = listen_port_format(source->port),
					  .path = { path, strlen(path) },
					  .query = { source->query, strlen(source->query) } };

	return packet_set_form(source->shared->config.memory, p, &request);
}

static struct parcel *begin(struct source *source, size_t n_bytes, struct parcel_chunk *chunk)
{
	struct memory *memory = source->shared->config.memory;
	struct parcel *parcel = parcel_new(source, chunk);

	if (!parcel)
		return NULL;
	parcel->packet = packet_new_within(memory, n_bytes > FIRST_BYTES ? n_bytes : FIRST_BYTES);
	if (parcel->packet && set_form(source, parcel->packet) == 0)
		return parcel;
	parcel_free(parcel);
	return NULL;
}

static int add_first(struct source *source, const struct group_part *parts, unsigned n_parts,
		     size_t n_bytes, uint64_t n_messages)
{
	struct parcel *parcel = begin(source, n_bytes, NULL);
	int r = parcel ? append(parcel, parts, n_parts, n_messages) : -ENOMEM;

	if (r == 0)
		link_open(source, parcel);
	else
		parcel_free(parcel);
	return r;
}

int group_add(struct source *source, const struct group_part *parts, unsigned n_parts,
	      uint64_t n_messages)
{
	struct parcel *parcel = source->open;
	size_t n = 0;
	int r;

	for (unsigned i = 0; i < n_parts; i++)
		n += parts[i].len;
	if (parcel && (parcel->packet->len + n > GROUP_BYTES ||
		       parcel->packet->n_messages + n_messages > GROUP_MESSAGES)) {
		group_flush(source);
		parcel = NULL;
	}
	if (parcel) {
		r = append(parcel, parts, n_parts, n_messages);
		if (r != GROUP_E_LONG)
			return r;
		group_flush(source);
	}
	return add_first(source, parts, n_parts, n, n_messages);
}

int group_make_alone(struct source *source, const struct group_part *part, uint64_t n_messages,
		     struct parcel_chunk *chunk, struct parcel **parcelp)
{
	const struct listen_config *config = &source->shared->config;
	struct parcel *parcel = begin(source, part->len, chunk);
	int r = parcel ? append_bytes(parcel, part, 1) : -ENOMEM;

	assert(n_messages > 0 && n_messages <= UINT32_MAX); /* format_read counted them */
	if (r == 0)
		r = packet_check_json(config->memory, parcel->packet, config->max_body_bytes);
	if (r != 0) {
		parcel_free(parcel);
		return r == FORMAT_E_TOO_LARGE ? GROUP_E_LONG : -ENOMEM;
	}
	parcel->packet->n_messages = (uint32_t)n_messages;
	*parcelp = parcel;
	return 0;
}

void group_flush(struct source *source)
{
	struct parcel *parcel = source->open;

	if (!parcel)
		return;
	unlink_open(source);
	parcel_send(parcel);
}

void group_lose_all(struct listen_shared *s)
{
	while (s->first_open) {
		struct source *source = s->first_open;
		struct parcel *parcel = source->open;

		unlink_open(source);
		parcel_lose(parcel);
	}
}

void group_flush_all(struct listen_shared *s)
{
	while (s->first_open)
		group_flush(s->first_open);
}

void group_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct listen_shared *s = arg;
	struct timeval tv = clock_timeval(GROUP_US);

	(void)fd;
	(void)what;
	s->now_us = clock_mono_us();
	while (s->first_open && s->now_us - s->first_open->open->since_us >= GROUP_US)
		group_flush(s->first_open);
	if (s->first_open)
		evtimer_add(s->group_timer, &tv);
}
