#include "node/listen/datagrams.h"

#include <assert.h>
#include <linux/sock_diag.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/listen/reader.h"
#include "node/node_metrics.h"

#define AT_ONCE 16
#define DATAGRAM_BYTES (64u << 10)
#define CALLS_PER_TURN 4
#define LAST_CALLS 1024 /* when it ends */
#define KERNEL_BYTES (4 << 20)
#define INCOMPLETE_PART 16 /* of the window: chunks of GELF */

static_assert(DATAGRAM_BYTES > UINT16_MAX, "no datagram is cut off");

struct datagram_room {
	struct mmsghdr headers[AT_ONCE];
	struct iovec parts[AT_ONCE];
	struct net_addr peers[AT_ONCE];
	char bytes[AT_ONCE][DATAGRAM_BYTES];
};

struct datagram_room *datagram_room_new(void)
{
	return calloc(1, sizeof(struct datagram_room));
}

void datagram_room_free(struct datagram_room *room)
{
	free(room);
}

static void on_readable(evutil_socket_t fd, short what, void *arg);

int datagrams_init(struct datagrams *d, struct listen_shared *shared, enum listen_port port, int fd,
		   struct datagram_room *room)
{
	const struct listen_config *config = &shared->config;
	size_t most = config->window_bytes / INCOMPLETE_PART;

	*d = (struct datagrams){ .shared = shared, .port = port, .fd = fd, .room = room };
	gelf_chunks_init(&d->chunks, config->memory, config->max_body_bytes,
			 most > config->max_body_bytes ? most : config->max_body_bytes);
	/* the kernel doubles it, and gives no more than net.core.rmem_max unless it is forced */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ KERNEL_BYTES }, sizeof(int)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ KERNEL_BYTES }, sizeof(int));
	d->event = event_new(config->base, fd, EV_READ | EV_PERSIST, on_readable, d);
	return d->event && event_add(d->event, NULL) == 0 ? 0 : -ENOMEM;
}

/* ---- what came ---- */

/* One byte back says that this node lives. */
static void answer_heartbeat(struct datagrams *d, const struct net_addr *peer)
{
	if (sendto(d->fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&peer->sa, peer->len) < 0)
		log_debug("listen", "heartbeat not answered", "error=%s", strerror(errno));
}

static void take(struct datagrams *d, const struct net_addr *peer, const char *data, size_t len)
{
	metrics_add(d->shared->config.metrics, M_LISTEN_BYTES, d->port, (int64_t)len);
	if (d->port == LISTEN_SYSLOG_UDP)
		reader_syslog_datagram(d->shared, peer, data, len);
	else if (d->port == LISTEN_GELF_UDP)
		reader_gelf_datagram(d->shared, &d->chunks, peer, data, len);
	else
		answer_heartbeat(d, peer);
}

static void prepare(struct datagram_room *room)
{
	for (unsigned i = 0; i < AT_ONCE; i++) {
		room->parts[i] = (struct iovec){ room->bytes[i], DATAGRAM_BYTES };
		room->headers[i].msg_hdr =
			(struct msghdr){ .msg_name = &room->peers[i].sa,
					 .msg_namelen = sizeof(room->peers[i].sa),
					 .msg_iov = &room->parts[i],
					 .msg_iovlen = 1 };
	}
}

/* False: there are no more. */
static bool read_some(struct datagrams *d)
{
	struct datagram_room *room = d->room;
	int n;

	prepare(room);
	n = recvmmsg(d->fd, room->headers, AT_ONCE, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct msghdr *header = &room->headers[i].msg_hdr;

		room->peers[i].len = header->msg_namelen;
		take(d, &room->peers[i], room->bytes[i], room->headers[i].msg_len);
	}
	return n == AT_ONCE;
}

static void pause_if_full(struct datagrams *d)
{
	if (d->is_paused || d->port == LISTEN_FORWARD_UDP || !listen_is_full(d->shared))
		return;
	d->is_paused = true;
	event_del(d->event);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct datagrams *d = arg;

	(void)fd;
	(void)what;
	d->shared->now_us = clock_mono_us();
	for (int i = 0; i < CALLS_PER_TURN && !d->is_paused && read_some(d); i++)
		pause_if_full(d);
	pause_if_full(d);
}

/* ---- from time to time ---- */

static void count_kernel_drops(struct datagrams *d)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 }, n;
	socklen_t len = sizeof(info);

	if (getsockopt(d->fd, SOL_SOCKET, SO_MEMINFO, info, &len) != 0 ||
	    len <= SK_MEMINFO_DROPS * sizeof(*info))
		return;
	n = info[SK_MEMINFO_DROPS] - d->n_kernel_drops;
	d->n_kernel_drops = info[SK_MEMINFO_DROPS];
	if (n)
		listen_drop(d->shared, d->port, LISTEN_DROP_KERNEL, n);
}

static void count_given_up(struct datagrams *d)
{
	if (d->chunks.n_given_up)
		listen_drop(d->shared, d->port, LISTEN_DROP_NO_CHUNK, d->chunks.n_given_up);
	d->chunks.n_given_up = 0;
}

void datagrams_resume(struct datagrams *d)
{
	if (d->fd < 0 || !d->is_paused || listen_is_full(d->shared))
		return;
	d->is_paused = false;
	event_add(d->event, NULL);
}

void datagrams_sweep(struct datagrams *d)
{
	if (d->fd < 0)
		return;
	count_kernel_drops(d);
	gelf_chunks_sweep(&d->chunks, d->shared->now_us);
	count_given_up(d);
	datagrams_resume(d);
}

void datagrams_end(struct datagrams *d)
{
	if (d->fd < 0)
		return;
	for (int i = 0; i < LAST_CALLS && read_some(d); i++)
		;
	count_kernel_drops(d);
	gelf_chunks_deinit(&d->chunks);
	count_given_up(d);
	event_free(d->event);
	d->event = NULL;
	close(d->fd);
	d->fd = -1;
}

void datagrams_deinit(struct datagrams *d)
{
	if (d->fd < 0)
		return;
	gelf_chunks_deinit(&d->chunks);
	if (d->event)
		event_free(d->event);
	close(d->fd);
	d->fd = -1;
}
