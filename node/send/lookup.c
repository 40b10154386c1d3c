/*
 * A job is one getaddrinfo, for all that look up its host meanwhile:
 *
 *   queued --a thread is free--> running --> done --all who waited have read it--> freed
 *
 * One for which nobody waits any more is freed at once, or when it has run. So a name that hangs
 * takes one thread, however many workers and protocols ask for it.
 */
#include "node/send/lookup.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_BYTES (512u << 10)

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE };
TAILQ_HEAD(lookup_list, lookup);

struct lookup_job {
	TAILQ_ENTRY(lookup_job) link; /* in `jobs`, until it is done */
	enum job_state state;
	struct lookup_list waiting; /* those that have not read it */
	int code;                   /* of getaddrinfo; DONE, as is the next */
	struct addrinfo *found;     /* owned */
	char host[NET_HOST_SIZE];
};
TAILQ_HEAD(job_list, lookup_job);

/* Of the process. What follows, and each job, is behind the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job_list jobs = TAILQ_HEAD_INITIALIZER(jobs); /* oldest first */
static unsigned n_threads;

/* ---- jobs, with the lock ---- */

static struct lookup_job *job_new(const char *host)
{
	struct lookup_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	TAILQ_INIT(&job->waiting);
	strcpy(job->host, host);
	TAILQ_INSERT_TAIL(&jobs, job, link);
	return job;
}

static void job_free(struct lookup_job *job)
{
	assert(TAILQ_EMPTY(&job->waiting) && job->state != JOB_RUNNING);
	if (job->state == JOB_QUEUED)
		TAILQ_REMOVE(&jobs, job, link);
	if (job->found)
		freeaddrinfo(job->found);
	free(job);
}

static struct lookup_job *find(const char *host)
{
	struct lookup_job *job;

	TAILQ_FOREACH(job, &jobs, link)
	if (strcmp(job->host, host) == 0)
		return job;
	return NULL;
}

static struct lookup_job *next_queued(void)
{
	struct lookup_job *job;

	TAILQ_FOREACH(job, &jobs, link)
	if (job->state == JOB_QUEUED)
		return job;
	return NULL;
}

static void finish(struct lookup_job *job)
{
	struct lookup *l;

	TAILQ_REMOVE(&jobs, job, link);
	job->state = JOB_DONE;
	TAILQ_FOREACH(l, &job->waiting, in_job)
	eventfd_write(l->fd, 1);
	if (TAILQ_EMPTY(&job->waiting))
		job_free(job);
}

/* ---- threads ---- */

static void look_up(struct lookup_job *job)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

	job->code = getaddrinfo(job->host, NULL, &hints, &job->found);
	if (job->code != 0)
		job->found = NULL;
}

static void *run(void *arg UNUSED)
{
	struct lookup_job *job;

	pthread_mutex_lock(&lock);
	while ((job = next_queued())) {
		job->state = JOB_RUNNING;
		pthread_mutex_unlock(&lock);
		look_up(job);
		pthread_mutex_lock(&lock);
		finish(job);
	}
	n_threads--;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int start_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (r == 0)
		r = pthread_create(&thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	n_threads += r == 0;
	return -r;
}

/* That of the host, made if need be. A negative errno: nobody would run it. */
static int find_job(const char *host, struct lookup_job **jobp)
{
	int r = 0;

	*jobp = find(host);
	if (*jobp)
		return 0;
	*jobp = job_new(host);
	if (!*jobp)
		return -ENOMEM;
	if (n_threads < LOOKUP_THREADS)
		r = start_thread();
	if (r == 0 || n_threads > 0)
		return 0;
	job_free(*jobp);
	*jobp = NULL;
	return r;
}

/* ---- the loop's side ---- */

static void set_port(struct net_addr *addr, uint16_t port)
{
	if (addr->sa.ss_family == AF_INET)
		((struct sockaddr_in *)&addr->sa)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&addr->sa)->sin6_port = htons(port);
}

static void keep(struct lookup *l, const struct addrinfo *found, int family)
{
	for (const struct addrinfo *ai = found; ai; ai = ai->ai_next) {
		struct net_addr *addr = &l->addrs[l->n_addrs];

		if (ai->ai_family != family || l->n_addrs == LOOKUP_MAX_ADDRS)
			continue;
		assert(ai->ai_addrlen <= sizeof(addr->sa));
		memcpy(&addr->sa, ai->ai_addr, ai->ai_addrlen);
		addr->len = ai->ai_addrlen;
		set_port(addr, l->port);
		l->n_addrs++;
	}
}

static void take(struct lookup *l)
{
	const struct lookup_job *job = l->job;

	assert(job->state == JOB_DONE);
	l->n_addrs = 0;
	keep(l, job->found, AF_INET);
	keep(l, job->found, AF_INET6);
	l->error = job->code != 0 ? gai_strerror(job->code)
		   : l->n_addrs   ? NULL
				  : "it has no address";
}

static void on_ready(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct lookup *l = arg;

	pthread_mutex_lock(&lock);
	take(l);
	pthread_mutex_unlock(&lock);
	lookup_cancel(l);
	l->on_done(l);
}

static int join(struct lookup *l, const char *host)
{
	int r;

	pthread_mutex_lock(&lock);
	r = find_job(host, &l->job);
	if (r == 0)
		TAILQ_INSERT_TAIL(&l->job->waiting, l, in_job);
	pthread_mutex_unlock(&lock);
	return r;
}

int lookup_start(struct lookup *l, struct event_base *base, const char *host, uint16_t port)
{
	int r = -ENOMEM;

	assert(!l->job && strlen(host) < sizeof(l->job->host));
	l->port = port;
	l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->fd < 0)
		return -EMFILE;
	event_assign(&l->event, base, l->fd, EV_READ, on_ready, l);
	if (event_add(&l->event, NULL) == 0)
		r = join(l, host);
	if (r != 0) {
		event_del(&l->event);
		close(l->fd);
	}
	return r;
}

void lookup_cancel(struct lookup *l)
{
	struct lookup_job *job = l->job;

	if (!job)
		return;
	l->job = NULL;
	event_del(&l->event);
	pthread_mutex_lock(&lock);
	TAILQ_REMOVE(&job->waiting, l, in_job);
	if (TAILQ_EMPTY(&job->waiting) && job->state != JOB_RUNNING)
		job_free(job);
	pthread_mutex_unlock(&lock);
	close(l->fd);
}
