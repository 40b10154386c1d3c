#include "node/listen/stream.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/address_bound.h"
#include "node/listen/forward.h"
#include "node/listen/group.h"
#include "node/node_metrics.h"

#define READ_BYTES (16u << 10) /* room that there is at least for a read */
#define BUSY_BYTES (64u << 10)
#define LARGE_PARTS 2   /* of the window, one is for frames that are not whole */
#define END_US 2000000  /* ending: for the rest of a frame */
#define TALK_US 5000000 /* ending: then it is closed at the end of the next frame */
#define QUIET_US 300000 /* ending: without a byte, after its sender was told */

static void on_read(evutil_socket_t fd, short what, void *arg);
static void on_write(evutil_socket_t fd, short what, void *arg);
static void give_turn(struct stream *s);

/* ---- acknowledgements ---- */

static void wait_no_more(struct stream *s, struct parcel *p)
{
	*(p->prev_of ? &p->prev_of->next_of : &s->waits_for) = p->next_of;
	if (p->next_of)
		p->next_of->prev_of = p->prev_of;
	p->stream = NULL;
}

static void on_end(struct parcel *p, bool is_accepted)
{
	struct stream *s = p->stream;

	wait_no_more(s, p);
	if (!is_accepted)
		p->chunk->is_lost = true;
	if (p->chunk->is_lost || p->chunk->n_users > 1)
		return;
	forward_write_ack(stream_out(s), p->chunk->name, p->chunk->len);
}

void stream_wait_for(struct stream *s, struct parcel *p)
{
	assert(p->chunk && !p->stream); /* on_end tells the sender its name */
	p->stream = s;
	p->on_end = on_end;
	p->prev_of = NULL;
	p->next_of = s->waits_for;
	if (s->waits_for)
		s->waits_for->prev_of = p;
	s->waits_for = p;
}

/* ---- life ---- */

static void push(struct stream_list *list, struct stream *s)
{
	s->prev = NULL;
	s->next = list->first;
	if (list->first)
		list->first->prev = s;
	list->first = s;
	list->n++;
}

static void unlink_from(struct stream_list *list, struct stream *s)
{
	assert(list->n > 0);
	*(s->prev ? &s->prev->next : &list->first) = s->next;
	if (s->next)
		s->next->prev = s->prev;
	list->n--;
}

/* The one place where it begins and ends to be held. */
static void set_held(struct stream *s, bool is_held)
{
	struct listen_shared *shared = s->shared;

	if (s->is_held == is_held)
		return;
	unlink_from(is_held ? &shared->reading : &shared->held, s);
	push(is_held ? &shared->held : &shared->reading, s);
	s->is_held = is_held;
	if (is_held)
		s->held_us = shared->now_us;
	else
		s->frame_us += shared->now_us - s->held_us;
	if (is_held)
		event_del(&s->read_event);
	else if (!s->has_ended)
		event_add(&s->read_event, NULL);
}

/* Connections stay open for days: the kernel finds out who is gone. */
static void set_options(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ 60 }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static bool prepare(struct stream *s)
{
	const struct listen_config *config = &s->shared->config;
	bool begins = s->reader->begin && !s->tls.is_greeting;

	s->source = source_get(s->shared, s->port, &s->peer);
	if (!s->source)
		return false;
	return event_assign(&s->read_event, config->base, s->fd, EV_READ | EV_PERSIST, on_read,
			    s) == 0 &&
	       event_assign(&s->write_event, config->base, s->fd, EV_WRITE, on_write, s) == 0 &&
	       event_add(&s->read_event, NULL) == 0 && (!begins || s->reader->begin(s) == 0);
}

static size_t own_bytes(enum listen_port port)
{
	return sizeof(struct stream) + (listen_port_is_tls(port) ? STREAM_TLS_BYTES : 0);
}

static struct stream *allocate(struct listen_shared *shared, enum listen_port port)
{
	struct memory *memory = shared->config.memory;
	struct stream *s;

	if (!memory_take(memory, own_bytes(port)))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		memory_give(memory, own_bytes(port));
	return s;
}

struct stream *stream_new(struct listen_shared *shared, enum listen_port port,
			  const struct stream_reader *reader, int fd, const struct net_addr *peer)
{
	struct stream *s = allocate(shared, port);

	if (!s) {
		close(fd);
		metrics_add(shared->config.metrics, M_LISTEN_CLOSED, CLOSE_NO_MEMORY, 1);
		return NULL;
	}
	*s = (struct stream){ .shared = shared,
			      .port = port,
			      .peer = *peer,
			      .fd = fd,
			      .reader = reader,
			      .tls = { .is_greeting = listen_port_is_tls(port) },
			      .n_charged = own_bytes(port),
			      .active_us = shared->now_us };
	push(&shared->reading, s);
	shared->n_streams[port]++;
	atomic_fetch_add_explicit(shared->config.n_connections, 1, memory_order_relaxed);
	set_options(fd);
	if (prepare(s))
		return s;
	stream_close(s, CLOSE_NO_MEMORY);
	return NULL;
}

static void forget_dirty(struct stream *s)
{
	struct stream **at = &s->shared->dirty;

	while (s->is_dirty && *at != s)
		at = &(*at)->next_dirty;
	if (s->is_dirty)
		*at = s->next_dirty;
	s->is_dirty = false;
}

void stream_close(struct stream *s, enum conn_close reason)
{
	struct listen_shared *shared = s->shared;
	const struct listen_config *config = &shared->config;

	assert(shared->n_streams[s->port] > 0 && shared->large_bytes >= s->n_large);
	if (s->in.len)
		listen_drop(shared, s->port, LISTEN_DROP_INCOMPLETE, 1);
	while (s->waits_for)
		wait_no_more(s, s->waits_for);
	forget_dirty(s);
	give_turn(s);
	shared->large_bytes -= s->n_large;
	if (event_initialized(&s->read_event))
		event_del(&s->read_event);
	if (event_initialized(&s->write_event))
		event_del(&s->write_event);
	unlink_from(s->is_held ? &shared->held : &shared->reading, s);
	if (s->is_bounded)
		address_bound_give(config->bound, &s->peer);
	if (s->tls.tls)
		tls_stream_end(s->tls.tls);
	tls_stream_free(s->tls.tls);
	close(s->fd);
	metrics_add(config->metrics, M_LISTEN_CLOSED, reason, 1);
	atomic_fetch_sub_explicit(config->n_connections, 1, memory_order_relaxed);
	shared->n_streams[s->port]--;
	if (s->source)
		source_put(s->source);
	forward_free(s->forward);
	buf_deinit(&s->in);
	buf_deinit(&s->out);
	memory_give(config->memory, s->n_charged);
	free(s);
}

/* ---- memory ---- */

static size_t large_part(size_t capacity)
{
	return capacity > BUSY_BYTES ? capacity - BUSY_BYTES : 0;
}

static void note_large(struct stream *s, size_t n_in)
{
	s->shared->large_bytes += large_part(n_in) - s->n_large;
	s->n_large = large_part(n_in);
}

static bool recharge(struct stream *s, size_t n_in)
{
	size_t n = own_bytes(s->port) + n_in + s->out.capacity;

	if (n > s->n_charged && !memory_take(s->shared->config.memory, n - s->n_charged))
		return false;
	if (n < s->n_charged)
		memory_give(s->shared->config.memory, s->n_charged - n);
	s->n_charged = n;
	note_large(s, n_in);
	return true;
}

/* Another frame may become long. */
static void give_turn(struct stream *s)
{
	if (s->shared->large != s)
		return;
	s->shared->large = NULL;
	s->shared->may_resume = true;
}

/* All connections could have parts of long frames, and no memory to complete any of them. */
static bool may_grow(struct stream *s, size_t n)
{
	struct listen_shared *shared = s->shared;
	size_t others = shared->large_bytes - s->n_large;

	if (n <= BUSY_BYTES)
		return true;
	if (!shared->large)
		shared->large = s;
	return shared->large == s ||
	       others + large_part(n) <= shared->config.window_bytes / LARGE_PARTS;
}

/* Room for another read. */
static bool make_room(struct stream *s)
{
	size_t n = s->in.capacity ? s->in.capacity : BUSY_BYTES / 2;

	if (s->in.capacity - s->in.len >= READ_BYTES)
		return true;
	while (n - s->in.len < READ_BYTES)
		n *= 2;
	if (!may_grow(s, n) || !recharge(s, n))
		return false;
	if (buf_reserve(&s->in, n - s->in.len) != 0) {
		recharge(s, s->in.capacity);
		return false;
	}
	return recharge(s, s->in.capacity);
}

/* A connection that sends nothing holds nothing, and one whose long frame was taken not much. */
static void shrink(struct stream *s)
{
	struct buf small = { 0 };

	static_assert(BUSY_BYTES / 2 >= READ_BYTES, "a small one has room for the next read");
	if (s->in.len == 0) {
		buf_deinit(&s->in);
	} else if (s->in.capacity > BUSY_BYTES && s->in.len <= BUSY_BYTES / 2 &&
		   buf_reserve(&small, BUSY_BYTES) == 0) {
		buf_append(&small, s->in.data, s->in.len);
		buf_deinit(&s->in);
		s->in = small;
	}
}

static void consume(struct stream *s, size_t n)
{
	buf_consume(&s->in, n);
	shrink(s);
	if (!recharge(s, s->in.capacity)) /* there is no memory for what is to be written */
		note_large(s, s->in.capacity);
	if (s->n_large == 0)
		give_turn(s);
}

/* ---- frames ---- */

static bool may_take(const struct stream *s)
{
	return !listen_is_full(s->shared) && !source_is_full(s->source) && s->out.len < BUSY_BYTES;
}

/* The bytes of a message that is too long. Returns how many of these there are. */
static size_t skip(struct stream *s, const char *data, size_t len)
{
	const char *stop;
	size_t n = s->n_skip < len ? (size_t)s->n_skip : len;

	if (s->n_skip) {
		s->n_skip -= n;
		return n;
	}
	stop = memchr(data, s->reader->skips_to, len);
	s->is_skipping = !stop;
	return stop ? (size_t)(stop + 1 - data) : len;
}

/* All frames that are whole. 0, STREAM_E_*. */
static int take_frames(struct stream *s, bool is_end)
{
	size_t at = 0, n;
	int r = 0;

	while (r == 0 && at < s->in.len) {
		n = 0;
		if (s->n_skip || s->is_skipping)
			n = skip(s, s->in.data + at, s->in.len - at);
		else if (!may_take(s))
			r = STREAM_E_HELD;
		else
			r = s->reader->take(s, s->in.data + at, s->in.len - at, is_end, &n);
		assert(n <= s->in.len - at);
		at += n;
		if (n > 0)
			s->n_scanned = 0;
	}
	if (r == STREAM_E_PARTIAL)
		s->n_scanned = s->in.len - at;
	if (at > 0) {
		s->frame_us = s->held_us = s->shared->now_us;
		s->short_us = 0;
		consume(s, at);
	}
	return r;
}

/* ---- reading ---- */

enum read_result { READ_SOME, READ_NOTHING, READ_END, READ_RESET, READ_NO_ROOM };

static enum read_result read_some(struct stream *s)
{
	ssize_t n;

	if (!make_room(s))
		return READ_NO_ROOM;
	assert(s->in.len < s->in.capacity); /* a read of nothing would be taken for the end */
	n = stream_tls_read(&s->tls, s->fd, s->in.data + s->in.len, s->in.capacity - s->in.len);
	if (n == 0)
		return READ_END;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? READ_NOTHING : READ_RESET;
	if (s->in.len == 0)
		s->frame_us = s->shared->now_us;
	s->in.len += (size_t)n;
	s->short_us = 0;
	s->active_us = s->shared->now_us;
	if (stream_tls_has_more(&s->tls))
		event_active(&s->read_event, EV_READ, 0);
	metrics_add(s->shared->config.metrics, M_LISTEN_BYTES, s->port, n);
	return READ_SOME;
}

/* It waits for nothing any more. */
static bool is_done(const struct stream *s)
{
	return s->in.len == 0 && !s->waits_for && s->out.len == 0;
}

/* Its sender is told that no more is taken; what is on its way is read. */
static void say_end(struct stream *s)
{
	if (!s->ends_us || s->has_said_end || s->waits_for || s->out.len)
		return;
	s->has_said_end = true;
	s->active_us = s->shared->now_us;
	if (s->tls.tls)
		tls_stream_end(s->tls.tls);
	if (shutdown(s->fd, SHUT_WR) != 0)
		log_debug("listen", "cannot end a connection", "error=%s", strerror(errno));
}

/* True: it is closed. */
static bool close_if_done(struct stream *s, enum read_result last)
{
	uint64_t now_us = s->shared->now_us;
	bool is_quiet = (last == READ_NOTHING && now_us - s->active_us > QUIET_US) ||
			now_us - s->ends_us > TALK_US;

	say_end(s);
	if (s->has_ended && is_done(s)) {
		stream_close(s, CLOSE_BY_CLIENT);
		return true;
	}
	if (s->ends_us && !s->has_ended && is_quiet && is_done(s)) {
		stream_close(s, CLOSE_STOPPED);
		return true;
	}
	return false;
}

/* It waits for memory, and for nothing else. */
static void note_short(struct stream *s)
{
	if (!s->shared->large && s->n_large)
		s->shared->large = s;
	if (!s->short_us)
		s->short_us = s->shared->now_us;
}

/* Its frames are taken. True: it goes on; else it is closed or held. */
static bool take_in(struct stream *s)
{
	int r = take_frames(s, s->has_ended);

	if (r == STREAM_E_HELD && may_take(s))
		note_short(s);
	if (r == STREAM_E_CLOSE) {
		consume(s, s->in.len); /* what it was closed for is counted */
		stream_close(s, CLOSE_REFUSED);
		return false;
	}
	set_held(s, r == STREAM_E_HELD);
	if (r == STREAM_E_PARTIAL && s->has_ended) {
		stream_close(s, CLOSE_ABORTED);
		return false;
	}
	return r != STREAM_E_HELD;
}

static void advance(struct stream *s)
{
	enum read_result last = READ_NOTHING;

	assert(!s->tls.is_greeting); /* until then all bytes are of the handshake */
	if (s->in.len && !take_in(s))
		return;
	set_held(s, !may_take(s));
	if (s->is_held)
		return;
	if (!s->has_ended)
		last = read_some(s);
	switch (last) {
	case READ_NO_ROOM:
		note_short(s);
		set_held(s, true);
		return;
	case READ_RESET:
		stream_close(s, CLOSE_RESET);
		return;
	case READ_END:
		s->has_ended = true;
		event_del(&s->read_event);
		group_flush(s->source);
		break;
	default:
		break;
	}
	if (s->in.len && !take_in(s))
		return;
	close_if_done(s, last);
}

/* The handshake goes on. True: it is over. */
static bool greet(struct stream *s)
{
	switch (stream_tls_greet(&s->tls, s->shared, s->fd, &s->peer)) {
	case STREAM_TLS_DONE:
		s->active_us = s->shared->now_us;
		if (!s->reader->begin || s->reader->begin(s) == 0)
			return true;
		stream_close(s, CLOSE_NO_MEMORY);
		return false;
	case STREAM_TLS_END:
		stream_close(s, CLOSE_HANDSHAKE);
		return false;
	default:
		if (stream_tls_wants_write(&s->tls))
			event_add(&s->write_event, NULL);
		return false;
	}
}

void stream_advance(struct stream *s)
{
	if (s->tls.is_greeting && s->ends_us)
		stream_close(s, CLOSE_STOPPED);
	else if (!s->tls.is_greeting || greet(s))
		advance(s);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	s->shared->now_us = clock_mono_us();
	stream_advance(s);
}

void stream_end(struct stream *s)
{
	if (!s->ends_us)
		s->ends_us = s->shared->now_us;
	stream_advance(s);
}

/* What has come of a message is taken for all of it, where that is possible. */
static void give_up_frame(struct stream *s, enum conn_close reason)
{
	int r = take_frames(s, true);

	if (r == STREAM_E_HELD)
		set_held(s, true);
	else if (r != 0)
		stream_close(s, reason);
	else
		close_if_done(s, READ_NOTHING);
}

/* The memory is not enough for its frame, and others wait for their turn. */
static void give_up_turn(struct stream *s)
{
	char text[NET_ADDR_STRLEN];

	net_addr_format(&s->peer, text);
	log_warn("listen", "connection closed: no memory for its message",
		 "client=%s listener=%s bytes=%zu", text, listen_port_names[s->port], s->in.len);
	metrics_add(s->shared->config.metrics, M_REFUSED, REFUSAL_NO_MEMORY, 1);
	stream_close(s, CLOSE_NO_MEMORY);
}

void stream_sweep(struct stream *s)
{
	const struct listen_shared *shared = s->shared;
	const struct listen_config *config = &shared->config;
	uint64_t now = shared->now_us, frame_us = s->ends_us ? END_US : config->frame_us;

	if (!may_take(s))
		s->short_us = 0; /* it waits for something else */
	if (s->tls.is_greeting && now - s->active_us > config->greet_us) {
		stream_tls_time_out(shared, &s->peer);
		stream_close(s, CLOSE_HANDSHAKE_TIMEOUT);
	} else if (s->out.len && now - s->write_us > config->write_us)
		stream_close(s, CLOSE_WRITE_TIMEOUT);
	else if (shared->large == s && s->short_us && now - s->short_us > config->frame_us)
		give_up_turn(s);
	else if (!s->is_held && s->in.len && now - s->frame_us > frame_us)
		give_up_frame(s, CLOSE_BODY_TIMEOUT);
	else if (s->is_held || s->ends_us)
		stream_advance(s);
	else if (!s->in.len && !s->waits_for && now - s->active_us > config->idle_us)
		stream_close(s, CLOSE_IDLE);
}

/* ---- writing ---- */

void stream_mark_dirty(struct stream *s)
{
	if (s->is_dirty)
		return;
	s->is_dirty = true;
	s->next_dirty = s->shared->dirty;
	s->shared->dirty = s;
}

struct buf *stream_out(struct stream *s)
{
	if (s->out.len == 0)
		s->write_us = s->shared->now_us;
	stream_mark_dirty(s);
	return &s->out;
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	s->shared->now_us = clock_mono_us();
	stream_mark_dirty(s);
	if (s->tls.is_greeting || stream_tls_wants_write(&s->tls))
		event_active(&s->read_event, EV_READ, 0);
}

void stream_flush(struct stream *s)
{
	ssize_t n = 0;

	if (s->out.failed) {
		stream_close(s, CLOSE_NO_MEMORY);
		return;
	}
	if (s->out.len)
		n = stream_tls_write(&s->tls, s->fd, s->out.data, s->out.len);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		stream_close(s, CLOSE_RESET);
		return;
	}
	if (n > 0) {
		buf_consume(&s->out, (size_t)n);
		s->write_us = s->shared->now_us;
	}
	if (s->out.len) {
		event_add(&s->write_event, NULL);
		return;
	}
	buf_deinit(&s->out);
	recharge(s, s->in.capacity);
	close_if_done(s, READ_NOTHING);
}
