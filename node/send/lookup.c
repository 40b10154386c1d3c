#include "node/send/lookup.h"

#include <assert.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_BYTES (512u << 10)

/* Shared by the loop and the thread; the last one frees it. */
struct lookup_job {
	atomic_uint n_owners;
	atomic_bool is_done; /* the next two are valid */
	int code;            /* of getaddrinfo */
	struct addrinfo *found;
	int fd; /* an eventfd that the thread writes to */
	char host[NET_HOST_SIZE], port[8];
};

static atomic_uint n_under_way;

static void job_unref(struct lookup_job *job)
{
	unsigned n_before = atomic_fetch_sub(&job->n_owners, 1);

	assert(n_before == 1 || n_before == 2); /* the loop, and the thread */
	if (n_before != 1)
		return;
	if (job->found)
		freeaddrinfo(job->found);
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

static void *run(void *arg)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct lookup_job *job = arg;

	job->code = getaddrinfo(job->host, job->port, &hints, &job->found);
	if (job->code != 0)
		job->found = NULL;
	atomic_store(&job->is_done, true);
	eventfd_write(job->fd, 1);
	atomic_fetch_sub(&n_under_way, 1);
	job_unref(job);
	return NULL;
}

static int start_thread(struct lookup_job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (r == 0)
		r = pthread_create(&thread, &attr, run, job);
	pthread_attr_destroy(&attr);
	return -r;
}

static void keep(struct lookup *l, const struct addrinfo *found, int family)
{
	for (const struct addrinfo *ai = found; ai; ai = ai->ai_next) {
		if (ai->ai_family != family || l->n_addrs == LOOKUP_MAX_ADDRS)
			continue;
		assert(ai->ai_addrlen <= sizeof(l->addrs[l->n_addrs].sa));
		memcpy(&l->addrs[l->n_addrs].sa, ai->ai_addr, ai->ai_addrlen);
		l->addrs[l->n_addrs++].len = ai->ai_addrlen;
	}
}

static void on_ready(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct lookup *l = arg;
	struct lookup_job *job = l->job;

	if (!atomic_load(&job->is_done))
		return;
	l->n_addrs = 0;
	keep(l, job->found, AF_INET);
	keep(l, job->found, AF_INET6);
	l->error = job->code != 0 ? gai_strerror(job->code)
		   : l->n_addrs   ? NULL
				  : "it has no address";
	lookup_cancel(l);
	l->on_done(l);
}

static struct lookup_job *job_new(const char *host, uint16_t port)
{
	struct lookup_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	atomic_init(&job->n_owners, 1);
	snprintf(job->host, sizeof(job->host), "%s", host);
	snprintf(job->port, sizeof(job->port), "%u", port);
	job->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return job;
}

/* The thread's share of the job, and its place among those under way. */
static int hand_over(struct lookup_job *job)
{
	int r = -EAGAIN;

	atomic_fetch_add(&job->n_owners, 1);
	if (atomic_fetch_add(&n_under_way, 1) < LOOKUP_MAX_UNDER_WAY)
		r = start_thread(job);
	if (r != 0) {
		atomic_fetch_sub(&n_under_way, 1);
		atomic_fetch_sub(&job->n_owners, 1);
	}
	return r;
}

int lookup_start(struct lookup *l, struct event_base *base, const char *host, uint16_t port)
{
	int r = -ENOMEM;

	assert(!l->job && strlen(host) < sizeof(l->job->host));
	l->job = job_new(host, port);
	if (!l->job)
		return -ENOMEM;
	event_assign(&l->event, base, l->job->fd, EV_READ, on_ready, l);
	if (l->job->fd < 0)
		r = -EMFILE;
	else if (event_add(&l->event, NULL) == 0)
		r = hand_over(l->job);
	if (r != 0)
		lookup_cancel(l);
	return r;
}

void lookup_cancel(struct lookup *l)
{
	if (!l->job)
		return;
	event_del(&l->event);
	job_unref(l->job);
	l->job = NULL;
}
