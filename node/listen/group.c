#include "node/listen/group.h"

#include <string.h>

#include "common/clock.h"
#include "node/packet/packet_form.h"

#define GROUP_BYTES (64u << 10)
#define GROUP_MESSAGES 1000
#define GROUP_US 20000 /* a group is looked at after this time, and again after as long */
#define FIRST_BYTES 2048

static void link_open(struct source *source, struct parcel *parcel)
{
	struct listen_shared *s = source->shared;
	struct timeval tv = clock_timeval(GROUP_US);

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

static int append(struct parcel *parcel, const struct group_part *parts, unsigned n_parts,
		  uint64_t n_messages)
{
	const struct listen_config *config = &parcel->shared->config;
	struct packet *p;
	size_t n = 0;
	int r;

	for (unsigned i = 0; i < n_parts; i++)
		n += parts[i].len;
	r = packet_reserve_within(config->memory, &parcel->packet, n, SIZE_MAX);
	if (r != 0)
		return r;
	p = parcel->packet;
	for (unsigned i = 0; i < n_parts; i++) {
		memcpy(p->body + p->len, parts[i].data, parts[i].len);
		p->len += parts[i].len;
	}
	p->n_messages += (uint32_t)n_messages;
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

static struct parcel *begin(struct source *source, size_t n_bytes, size_t n_chunk)
{
	struct memory *memory = source->shared->config.memory;
	struct parcel *parcel = parcel_new(source, n_chunk);

	if (!parcel)
		return NULL;
	parcel->packet = packet_new_within(memory, n_bytes > FIRST_BYTES ? n_bytes : FIRST_BYTES);
	if (parcel->packet && set_form(source, parcel->packet) == 0)
		return parcel;
	parcel_free(parcel);
	return NULL;
}

/* A large message may be too large as JSON, which an analyzer would refuse. */
static int check_size(struct parcel *parcel)
{
	const struct listen_config *config = &parcel->shared->config;
	struct packet *p = parcel->packet;
	int r = p->len > GROUP_BYTES ? packet_make_json(config->memory, p) : 0;

	if (r == 0 && packet_json(p).len > config->max_body_bytes)
		return GROUP_E_LONG;
	return r == 0 ? 0 : -ENOMEM;
}

static int add_first(struct source *source, const struct group_part *parts, unsigned n_parts,
		     size_t n_bytes, uint64_t n_messages)
{
	struct parcel *parcel = begin(source, n_bytes, 0);
	int r = parcel ? append(parcel, parts, n_parts, n_messages) : -ENOMEM;

	if (r == 0)
		r = check_size(parcel);
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

	for (unsigned i = 0; i < n_parts; i++)
		n += parts[i].len;
	if (parcel && (parcel->packet->len + n > GROUP_BYTES ||
		       parcel->packet->n_messages + n_messages > GROUP_MESSAGES)) {
		group_flush(source);
		parcel = NULL;
	}
	if (parcel)
		return append(parcel, parts, n_parts, n_messages);
	return add_first(source, parts, n_parts, n, n_messages);
}

int group_make_alone(struct source *source, const struct group_part *part, uint64_t n_messages,
		     const struct format_slice *chunk, struct parcel **parcelp)
{
	struct parcel *parcel = begin(source, part->len, chunk->len);
	int r = parcel ? append(parcel, part, 1, n_messages) : -ENOMEM;

	if (r == 0)
		r = check_size(parcel);
	if (r != 0) {
		parcel_free(parcel);
		return r;
	}
	memcpy(parcel->chunk, chunk->data, chunk->len);
	parcel->wants_ack = true;
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
