/*
 * GELF over UDP. Nobody answers; but where the receiver's machine is there and the port is not, the
 * kernel hears of it, and what went out last is tried again.
 */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "analyzer/sink/sink_gelf.h"
#include "analyzer/sink/sink_kind.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/rng.h"

#define PACE_SLACK_US 2000 /* so far ahead of its time a datagram may go out */
#define SEND_BUFFER_BYTES (256 << 10)

struct datagram_carrier {
	const struct sink_options *options;
	struct sink_counters *counters;
	int fd;           /* -1: not connected */
	uint64_t next_us; /* when the next datagram is due */
	struct rng rng;
};

static void *open_datagram(const struct sink_options *options, struct sink_counters *counters)
{
	struct datagram_carrier *carrier = calloc(1, sizeof(*carrier));

	if (!carrier)
		return NULL;
	carrier->options = options;
	carrier->counters = counters;
	carrier->fd = -1;
	rng_init(&carrier->rng, 0);
	return carrier;
}

static void disconnect(struct datagram_carrier *carrier)
{
	if (carrier->fd >= 0)
		close(carrier->fd);
	carrier->fd = -1;
}

static void close_datagram(void *arg)
{
	disconnect(arg);
	free(arg);
}

static int connect_any(struct datagram_carrier *carrier, const struct addrinfo *list)
{
	static const int size = SEND_BUFFER_BYTES;

	for (; list; list = list->ai_next) {
		carrier->fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (carrier->fd >= 0 &&
		    connect(carrier->fd, list->ai_addr, list->ai_addrlen) == 0) {
			setsockopt(carrier->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
			return 0;
		}
		disconnect(carrier);
	}
	return -errno;
}

static int connect_datagram(struct datagram_carrier *carrier)
{
	const struct target *target = &carrier->options->target;
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list;
	int r;

	if (carrier->fd >= 0)
		return 0;
	r = getaddrinfo(target->host, target->port, &hints, &list);
	if (r) {
		log_warn("sink", "the name is unknown", "host=%s reason=%s", target->host,
			 gai_strerror(r));
		return SINK_E_AWAY;
	}
	r = connect_any(carrier, list);
	freeaddrinfo(list);
	if (r)
		log_warn("sink", "cannot connect", "host=%s reason=%s", target->host, strerror(-r));
	return r ? SINK_E_AWAY : 0;
}

/* No faster than the rate: a receiver drops what it cannot read in time, and tells nobody. */
static void keep_pace(struct datagram_carrier *carrier)
{
	uint64_t now_us = clock_mono_us();
	struct timespec pause;
	uint64_t pause_us;

	if (carrier->next_us < now_us)
		carrier->next_us = now_us;
	if (carrier->next_us > now_us + PACE_SLACK_US) {
		pause_us = carrier->next_us - now_us;
		pause = (struct timespec){ (time_t)(pause_us / US_PER_S),
					   (long)(pause_us % US_PER_S * 1000) };
		nanosleep(&pause, NULL);
	}
	carrier->next_us += US_PER_S / carrier->options->udp_rate;
}

static int send_parts(struct datagram_carrier *carrier, struct iovec *parts, size_t n)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = n };
	ssize_t sent;

	keep_pace(carrier);
	do
		sent = sendmsg(carrier->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static size_t count_datagrams(size_t len)
{
	return len <= GELF_DATAGRAM_BYTES ? 1 : (len + GELF_CHUNK_BYTES - 1) / GELF_CHUNK_BYTES;
}

static int send_chunks(struct datagram_carrier *carrier, const char *data, size_t len)
{
	unsigned char head[GELF_CHUNK_HEAD_BYTES] = { 0x1e, 0x0f };
	size_t n = count_datagrams(len);
	uint64_t id = rng_next(&carrier->rng);
	int r = 0;

	memcpy(head + 2, &id, sizeof(id));
	head[11] = (unsigned char)n;
	for (size_t i = 0; i < n && r == 0; i++) {
		size_t start = i * GELF_CHUNK_BYTES;
		struct iovec parts[] = {
			{ head, sizeof(head) },
			{ (char *)data + start,
			  len - start < GELF_CHUNK_BYTES ? len - start : GELF_CHUNK_BYTES },
		};

		head[10] = (unsigned char)i;
		r = send_parts(carrier, parts, ARRAY_LEN(parts));
	}
	return r;
}

static int send_one(struct datagram_carrier *carrier, const char *data, size_t len)
{
	struct iovec whole = { (char *)data, len };

	return len <= GELF_DATAGRAM_BYTES ? send_parts(carrier, &whole, 1)
					  : send_chunks(carrier, data, len);
}

/* Of a datagram that nobody received, if the kernel has heard of it. */
static int take_error(const struct datagram_carrier *carrier)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(carrier->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

static bool is_alive(void *arg)
{
	struct datagram_carrier *carrier = arg;
	int r = carrier->fd >= 0 ? take_error(carrier) : -ENOTCONN;

	if (r)
		disconnect(carrier);
	return r == 0;
}

/* When the last item is to begin, at the pace: known before, nothing goes out that would go out again. */
static uint64_t last_due_us(const struct datagram_carrier *carrier, const struct items *items)
{
	uint64_t now_us = clock_mono_us(), step_us = US_PER_S / carrier->options->udp_rate;
	uint64_t next_us = carrier->next_us > now_us ? carrier->next_us : now_us, due_us = next_us;

	for (size_t i = 0; i < items->n; i++) {
		if (items->list[i].state != ITEM_PENDING)
			continue;
		due_us = next_us;
		next_us += count_datagrams(items->list[i].len) * step_us;
	}
	return due_us;
}

/* 0; -E2BIG: no delivery has time for all of them; -ETIMEDOUT: this one has too little left. */
static int check_time(const struct datagram_carrier *carrier, const struct items *items,
		      uint64_t until_us)
{
	uint64_t due_us = last_due_us(carrier, items), now_us = clock_mono_us();

	if (due_us >= now_us + carrier->options->timeout_ms * US_PER_MS)
		return -E2BIG;
	return due_us < until_us ? 0 : -ETIMEDOUT;
}

/* Negative errno; as check_time. */
static int send_pending(struct datagram_carrier *carrier, const struct items *items,
			uint64_t until_us)
{
	int r = check_time(carrier, items, until_us);

	for (size_t i = 0; i < items->n && r == 0; i++) {
		if (items->list[i].state != ITEM_PENDING)
			continue;
		r = clock_mono_us() < until_us
			    ? send_one(carrier, items_data(items, i), items->list[i].len)
			    : -ETIMEDOUT;
	}
	return r ? r : take_error(carrier);
}

/* A delivery that no time is enough for is refused, so that its packets come in smaller ones. */
static int fail(struct datagram_carrier *carrier, int reason, size_t n)
{
	atomic_fetch_add(&carrier->counters->failures, 1);
	if (reason == -ETIMEDOUT || reason == -E2BIG) {
		log_warn("sink", "there is no time for all datagrams", "messages=%zu rate=%u", n,
			 carrier->options->udp_rate);
		return reason == -E2BIG && !carrier->options->outbox ? SINK_E_TOO_LARGE
								     : CARRIER_E_SLOW;
	}
	log_warn("sink", "datagrams are not taken", "reason=%s", strerror(-reason));
	disconnect(carrier);
	return SINK_E_AWAY;
}

static int send_datagrams(void *arg, struct items *items, uint64_t until_us)
{
	struct datagram_carrier *carrier = arg;
	int r = connect_datagram(carrier);

	if (r)
		return r;
	r = send_pending(carrier, items, until_us);
	if (r)
		return fail(carrier, r, items->n);
	for (size_t i = 0; i < items->n; i++)
		if (items->list[i].state == ITEM_PENDING)
			items->list[i].state = ITEM_TAKEN;
	return 0;
}

const struct carrier_ops carrier_datagram = { open_datagram, close_datagram, send_datagrams,
					      is_alive };
