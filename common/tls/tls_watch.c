#include "common/tls/tls_watch.h"

#include <pthread.h>
#include <string.h>

#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"

#define DAY_S 86400

struct tls_watch {
	struct tls_watched watched[TLS_WATCH_MOST];
	unsigned n;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool must_stop;
};

static bool warn(struct tls_watched *w, int64_t now)
{
	int64_t expires = tls_context_expires(w->context);

	if (!expires || expires - now > TLS_WATCH_SOON_S) {
		w->warned_at = 0;
		return false;
	}
	if (w->warned_at && now - w->warned_at < DAY_S)
		return false;
	w->warned_at = now;
	if (expires <= now)
		log_error("tls", "a certificate has expired", "of=%s remedy=%s runbook=%s", w->what,
			  "renew it: its file is read again when it changes",
			  LOG_RUNBOOK "a-certificate-expires");
	else
		log_warn("tls", "a certificate expires soon",
			 "of=%s days_left=%lld remedy=%s runbook=%s", w->what,
			 (long long)((expires - now) / DAY_S),
			 "renew it: its file is read again when it changes",
			 LOG_RUNBOOK "a-certificate-expires");
	return true;
}

bool tls_watch_look(struct tls_watched *w, int64_t now)
{
	char why[TLS_WHY_SIZE];

	switch (tls_context_look(w->context, why)) {
	case TLS_LOOK_RENEWED:
		log_info("tls", "certificates were read again", "of=%s", w->what);
		break;
	case TLS_LOOK_BAD:
		log_error("tls", "new certificates cannot be used, the old ones stay",
			  "of=%s reason=%s remedy=%s runbook=%s", w->what, why,
			  "correct the files: they are read again when they change",
			  LOG_RUNBOOK "a-certificate-expires");
		break;
	default:
		break;
	}
	return warn(w, now);
}

static struct timespec next_turn(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TLS_WATCH_PERIOD_MS / 1000;
	return until;
}

static void *run(void *arg)
{
	struct tls_watch *w = arg;

	pthread_setname_np(pthread_self(), "certificates");
	pthread_mutex_lock(&w->lock);
	while (!w->must_stop) {
		struct timespec until = next_turn();

		pthread_mutex_unlock(&w->lock);
		for (unsigned i = 0; i < w->n; i++)
			tls_watch_look(&w->watched[i], time(NULL));
		pthread_mutex_lock(&w->lock);
		while (!w->must_stop && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0)
			;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int tls_watch_new(const struct tls_watched *watched, unsigned n, struct tls_watch **watchp)
{
	struct tls_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	assert(n <= TLS_WATCH_MOST);
	memcpy(w->watched, watched, n * sizeof(*watched));
	w->n = n;
	pthread_mutex_init(&w->lock, NULL);
	cond_init(&w->wake);
	r = -pthread_create(&w->thread, NULL, run, w);
	if (r == 0) {
		*watchp = w;
		return 0;
	}
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return r;
}

void tls_watch_free(struct tls_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
