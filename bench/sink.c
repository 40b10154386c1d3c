/*
 * weir-bench-sink: the analyzer of the benchmarks, and their floor. It reads a request, throws its
 * body away and answers 202; there is no cheaper HTTP server to send packets to.
 *
 *   weir-bench-sink [--listeners N] [--count]
 *
 * Each listener has a port of its own, printed as "listening addr=127.0.0.1:PORT" in their order.
 * With --count bodies are read, and a GET on any listener tells what all of them had at one
 * moment, a line each: packets, messages. It knows as much of HTTP as its clients speak:
 * keep-alive, Content-Length, one request after the other.
 *
 * GET /fault/MS makes a listener answer each POST MS milliseconds late, GET /fault/hang never, and
 * GET /fault/0 at once again. What a GET asks for is always answered at once.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/tally.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/net/net.h"

#define MAX_LISTENERS 64
#define MAX_EVENTS 256
#define MAX_HEAD 4096
#define MAX_BODY (64u << 20)
#define SCRATCH_BYTES (256u << 10)

struct conn {
	int fd;
	unsigned listener;      /* index; whose connection it is */
	bool is_listener;       /* else a connection */
	bool wants_stats;       /* the request under way is a GET */
	size_t body_left;       /* bytes of its body still to come */
	size_t n_head;          /* bytes of a header section that is not whole yet */
	struct buf body;        /* so far; only with --count */
	struct conn *next_late; /* in the queue of answers that are late */
	uint64_t due_us;
	bool is_late; /* its answer is in that queue */
	bool is_gone; /* closed, and to be freed when its turn comes */
	char head[MAX_HEAD];
};

#define HANGS UINT64_MAX

static uint64_t delay_us[MAX_LISTENERS]; /* of answers to a POST */
static struct {
	struct conn *first, **lastp;
} late = { .lastp = &late.first };

static bool counts;
static unsigned n_listeners = 1;
static struct tally tallies[MAX_LISTENERS];
static char scratch[SCRATCH_BYTES];
static int epoll_fd;

static int watch(struct conn *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0 ? 0 : -errno;
}

static void conn_close(struct conn *c)
{
	close(c->fd);
	buf_deinit(&c->body);
	if (c->is_late)
		c->is_gone = true;
	else
		free(c);
}

static void on_accept(const struct conn *listener)
{
	int fd;

	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof(*c));

		if (!c) {
			close(fd);
			return;
		}
		c->fd = fd;
		c->listener = listener->listener;
		if (watch(c) != 0)
			conn_close(c);
	}
}

static void write_stats(struct buf *out)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };

	for (unsigned i = 0; i < n_listeners; i++)
		buf_printf(&text, "%llu %llu\n", (unsigned long long)tallies[i].packets,
			   (unsigned long long)tallies[i].messages);
	buf_printf(out,
		   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
		   text.len, buf_str(&text));
}

static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

/* The queue stays in order as long as all late answers are late by the same time. */
static void answer_later(struct conn *c, uint64_t us)
{
	if (us == HANGS)
		return;
	c->is_late = true;
	c->due_us = clock_mono_us() + us;
	c->next_late = NULL;
	*late.lastp = c;
	late.lastp = &c->next_late;
}

/* Answers what is due; ms until the next one is, -1: none waits. */
static int answer_late(void)
{
	uint64_t now = clock_mono_us();
	struct conn *c;

	while ((c = late.first) && c->due_us <= now) {
		late.first = c->next_late;
		if (!late.first)
			late.lastp = &late.first;
		c->is_late = false;
		if (c->is_gone)
			free(c);
		else if (send(c->fd, accepted, sizeof(accepted) - 1, MSG_NOSIGNAL) < 0)
			conn_close(c);
	}
	return c ? (int)((c->due_us - now) / US_PER_MS) + 1 : -1;
}

/* The request is whole. */
static bool finish(struct conn *c, struct buf *out)
{
	if (c->wants_stats)
		write_stats(out);
	else if (delay_us[c->listener])
		answer_later(c, delay_us[c->listener]);
	else
		buf_append(out, accepted, sizeof(accepted) - 1);
	if (counts && !c->wants_stats &&
	    !tally_add(&tallies[c->listener], c->body.data, c->body.len))
		return false;
	buf_clear(&c->body);
	return true;
}

static void set_fault(unsigned listener, const char *text)
{
	delay_us[listener] =
		strncmp(text, "hang", 4) == 0 ? HANGS : strtoul(text, NULL, 10) * US_PER_MS;
}

/* False: no header section that is understood here. */
static bool read_head(struct conn *c, const char *head, const char *end)
{
	static const char name[] = "\nContent-Length:", fault[] = "GET /fault/";
	const size_t len = sizeof(name) - 1;

	if (strncmp(head, fault, sizeof(fault) - 1) == 0)
		set_fault(c->listener, head + sizeof(fault) - 1);
	c->wants_stats = *head == 'G';
	c->body_left = 0;
	for (const char *at = head; (at = memchr(at, '\n', (size_t)(end - at))); at++) {
		if ((size_t)(end - at) > len && strncasecmp(at, name, len) == 0) {
			c->body_left = strtoul(at + len, NULL, 10);
			break;
		}
	}
	return c->body_left <= MAX_BODY;
}

/* Bytes used, of a header section or of a body; 0: all there are, and more are needed; -1:
 * nonsense. */
static ssize_t take_head(struct conn *c, const char *data, size_t len)
{
	size_t before = c->n_head, n = len < MAX_HEAD - before ? len : MAX_HEAD - before;
	const char *start = data, *end;

	if (before || !memmem(data, len, "\r\n\r\n", 4)) {
		memcpy(c->head + before, data, n);
		c->n_head += n;
		start = c->head;
		len = c->n_head;
	}
	end = memmem(start, len, "\r\n\r\n", 4);
	if (!end)
		return c->n_head < MAX_HEAD ? 0 : -1;
	c->n_head = 0;
	return read_head(c, start, end) ? end + 4 - start - (ssize_t)before : -1;
}

/* False: the connection is of no more use. */
static bool take(struct conn *c, const char *data, size_t len, struct buf *out)
{
	while (len) {
		if (!c->body_left) {
			ssize_t n = take_head(c, data, len);

			if (n <= 0)
				return n == 0;
			data += n;
			len -= (size_t)n;
		}
		size_t n = len < c->body_left ? len : c->body_left;

		if (counts)
			buf_append(&c->body, data, n);
		data += n;
		len -= n;
		c->body_left -= n;
		if (!c->body_left && !finish(c, out))
			return false;
	}
	return !c->body.failed;
}

static void on_readable(struct conn *c)
{
	static struct buf out;
	ssize_t n = read(c->fd, scratch, sizeof(scratch));
	bool goes_on = n > 0 || (n < 0 && errno == EAGAIN);

	buf_clear(&out);
	if (n > 0)
		goes_on = take(c, scratch, (size_t)n, &out) && !out.failed;
	/* a client that does not read its answers is none of ours */
	if (goes_on && out.len)
		goes_on = send(c->fd, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
	if (!goes_on)
		conn_close(c);
}

static int serve(void)
{
	struct epoll_event events[MAX_EVENTS];

	for (;;) {
		int n = epoll_wait(epoll_fd, events, MAX_EVENTS, answer_late());

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c->is_listener)
				on_accept(c);
			else
				on_readable(c);
		}
	}
}

static int listen_as(struct conn *c, unsigned index)
{
	char text[NET_ADDR_STRLEN];
	struct net_addr addr;
	int r;

	*c = (struct conn){ .is_listener = true, .listener = index };
	r = net_addr_parse(&addr, "127.0.0.1:0");
	if (r == 0)
		r = net_listen(&addr, false, 4096, &c->fd);
	if (r == 0)
		r = net_local_addr(c->fd, &addr);
	if (r == 0)
		r = watch(c);
	net_addr_format(&addr, text);
	if (r == 0)
		printf("listening addr=%s\n", text);
	return r;
}

static int read_options(int argc, char **argv)
{
	static const struct option options[] = { { "count", no_argument, NULL, 'c' },
						 { "listeners", required_argument, NULL, 'l' },
						 { 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			counts = true;
		else if (option == 'l')
			n_listeners = (unsigned)strtoul(optarg, NULL, 10);
		else
			return -EINVAL;
	}
	return optind == argc && n_listeners > 0 && n_listeners <= MAX_LISTENERS ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	static struct conn listeners[MAX_LISTENERS];
	int r = read_options(argc, argv);

	if (r != 0) {
		fprintf(stderr, "usage: weir-bench-sink [--listeners 1..%d] [--count]\n",
			MAX_LISTENERS);
		return 2;
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = epoll_fd < 0 ? -errno : 0;
	for (unsigned i = 0; r == 0 && i < n_listeners; i++)
		r = listen_as(&listeners[i], i);
	fflush(stdout);
	if (r == 0)
		r = serve();
	fprintf(stderr, "weir-bench-sink: %s\n", strerror(-r));
	return 1;
}
