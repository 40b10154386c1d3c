#include "analyzer/body_watch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"

#define LOOK_MS 50
#define OTHER_FDS                                                                                  \
	1024 /* descriptors besides those of the threads, the queue of civetweb among them */

/* A body that is waited for. */
struct body {
	int fd; /* -1: the place is free */
	uint64_t since_us;
};

struct body_watch {
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t stop;
	bool must_stop;
	struct body *bodies; /* owned; a place for each thread */
	unsigned n_places;
	unsigned n; /* taken */
};

static struct body *oldest(struct body_watch *w)
{
	struct body *found = NULL;

	for (unsigned i = 0; i < w->n_places; i++) {
		struct body *b = &w->bodies[i];

		if (b->fd >= 0 && (!found || b->since_us < found->since_us))
			found = b;
	}
	return found;
}

/* The thread that reads it finds the connection ended. Its place is free at once. */
static void break_off(struct body_watch *w, struct body *b)
{
	shutdown(b->fd, SHUT_RDWR);
	b->fd = -1;
	w->n--;
	log_warn("server", "a body came too slowly", "lasted_ms=%llu",
		 (unsigned long long)((clock_mono_us() - b->since_us) / US_PER_MS));
}

static void look(struct body_watch *w)
{
	struct body *b;

	while ((b = oldest(w))) {
		uint64_t lasted_ms = (clock_mono_us() - b->since_us) / US_PER_MS;
		uint64_t most_ms = w->n > w->n_places / 2 ? BODY_WATCH_SLOW_MS : BODY_WATCH_MAX_MS;

		if (lasted_ms < most_ms)
			return;
		break_off(w, b);
	}
}

static void *run(void *arg)
{
	struct body_watch *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->must_stop) {
		uint64_t due_us = clock_mono_us() + LOOK_MS * US_PER_MS;
		struct timespec due = { .tv_sec = (time_t)(due_us / US_PER_S),
					.tv_nsec = (long)(due_us % US_PER_S) * 1000 };

		pthread_cond_timedwait(&w->stop, &w->lock, &due);
		look(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void watch_free(struct body_watch *w)
{
	pthread_cond_destroy(&w->stop);
	pthread_mutex_destroy(&w->lock);
	free(w->bodies);
	free(w);
}

int body_watch_start(unsigned n_threads, struct body_watch **watchp)
{
	struct body_watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;
	int r;

	if (!w)
		return -ENOMEM;
	w->n_places = n_threads;
	w->bodies = calloc(n_threads, sizeof(*w->bodies));
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (unsigned i = 0; w->bodies && i < n_threads; i++)
		w->bodies[i].fd = -1;
	r = w->bodies ? -pthread_create(&w->thread, NULL, run, w) : -ENOMEM;
	if (r != 0)
		watch_free(w);
	else
		*watchp = w;
	return r;
}

void body_watch_stop(struct body_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_signal(&w->stop);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	watch_free(w);
}

static bool is_peer(int fd, const char *address, int port)
{
	struct sockaddr_storage peer;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&peer;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&peer;
	socklen_t len = sizeof(peer);
	char text[INET6_ADDRSTRLEN] = "";

	if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
		return false;
	if (peer.ss_family == AF_INET && ntohs(in4->sin_port) == port)
		inet_ntop(AF_INET, &in4->sin_addr, text, sizeof(text));
	else if (peer.ss_family == AF_INET6 && ntohs(in6->sin6_port) == port)
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	return text[0] && strcmp(text, address) == 0;
}

int body_watch_find(const struct body_watch *w, const char *address, int port)
{
	for (int fd = 3; fd < (int)w->n_places + OTHER_FDS; fd++)
		if (is_peer(fd, address, port))
			return fd;
	return -1;
}

static struct body *place_of(struct body_watch *w, int fd)
{
	for (unsigned i = 0; i < w->n_places; i++)
		if (w->bodies[i].fd == fd)
			return &w->bodies[i];
	return NULL;
}

void body_watch_begin(struct body_watch *w, int fd)
{
	struct body *b;

	if (fd < 0)
		return;
	pthread_mutex_lock(&w->lock);
	b = place_of(w, -1);
	if (b) {
		*b = (struct body){ .fd = fd, .since_us = clock_mono_us() };
		w->n++;
	}
	pthread_mutex_unlock(&w->lock);
}

void body_watch_end(struct body_watch *w, int fd)
{
	struct body *b;

	if (fd < 0)
		return;
	pthread_mutex_lock(&w->lock);
	b = place_of(w, fd);
	if (b) {
		b->fd = -1;
		w->n--;
	}
	pthread_mutex_unlock(&w->lock);
}
