#include "common/tls/tls_context.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_S 86400
#define MAX_FILES (2 * TLS_MAX_CERTS + 3)

/* By which a file is known to have changed. */
struct stamp {
	struct timespec modified;
	ino_t inode;
	off_t size;
};

struct tls_context {
	struct tls_config config;
	pthread_mutex_t lock; /* of set */
	struct tls_set *set;
	time_t loaded;
	bool is_due;                    /* a file has changed since the last look */
	struct stamp stamps[MAX_FILES]; /* of the files that were read last, good or bad */
};

static struct stamp stamp_of(const char *file)
{
	struct stat st;

	if (!file || stat(file, &st) != 0)
		return (struct stamp){ 0 };
	return (struct stamp){ st.st_mtim, st.st_ino, st.st_size };
}

static void take_stamps(const struct tls_config *config, struct stamp out[MAX_FILES])
{
	size_t n = 0;

	memset(out, 0, MAX_FILES * sizeof(*out));
	for (size_t i = 0; i < config->n_certs; i++)
		out[n++] = stamp_of(config->certs[i]);
	for (size_t i = 0; i < config->n_keys && i < TLS_MAX_CERTS; i++)
		out[n++] = stamp_of(config->keys[i]);
	out[n++] = stamp_of(config->password_file);
	out[n++] = stamp_of(config->ca);
	out[n++] = stamp_of(config->crl);
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec && a->inode == b->inode &&
	       a->size == b->size;
}

/* They are the ones that are read next. */
static bool have_changed(struct tls_context *c)
{
	struct stamp now[MAX_FILES];
	bool is_changed = false;

	take_stamps(&c->config, now);
	for (size_t i = 0; i < MAX_FILES; i++)
		is_changed |= !is_same(&now[i], &c->stamps[i]);
	memcpy(c->stamps, now, sizeof(now));
	return is_changed;
}

/* The authorities of the system are many: they are read when somebody needs them. */
static bool is_lazy(const struct tls_config *config)
{
	return config->role == TLS_CLIENT && !config->ca && config->n_certs == 0;
}

int tls_context_new(const struct tls_config *config, struct tls_context **contextp,
		    char why[TLS_WHY_SIZE])
{
	struct tls_context *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->config = *config;
	c->loaded = time(NULL);
	take_stamps(config, c->stamps);
	r = is_lazy(config) ? 0 : tls_load(config, c->loaded, &c->set, why);
	if (r != 0 && !c->set) {
		free(c);
		return r;
	}
	pthread_mutex_init(&c->lock, NULL);
	*contextp = c;
	return r;
}

void tls_context_free(struct tls_context *c)
{
	if (!c)
		return;
	tls_set_unref(c->set);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct tls_set *tls_context_set(struct tls_context *c)
{
	char why[TLS_WHY_SIZE];
	struct tls_set *set;

	pthread_mutex_lock(&c->lock);
	if (!c->set && tls_load(&c->config, time(NULL), &c->set, why) != 0)
		c->set = NULL;
	set = c->set ? tls_set_ref(c->set) : NULL;
	pthread_mutex_unlock(&c->lock);
	return set;
}

static void replace(struct tls_context *c, struct tls_set *set)
{
	struct tls_set *old;

	pthread_mutex_lock(&c->lock);
	old = c->set;
	c->set = set;
	pthread_mutex_unlock(&c->lock);
	tls_set_unref(old);
}

static bool is_in_time(const X509 *cert, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

/* No certificate that is good is replaced by one that has expired. */
static bool is_no_worse(const struct tls_set *set, const struct tls_set *old, time_t now)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->certs[i] && !is_in_time(set->certs[i], now) &&
		    is_in_time(old->certs[i], now))
			return false;
	return true;
}

enum tls_look tls_context_look(struct tls_context *c, char why[TLS_WHY_SIZE])
{
	time_t now = time(NULL);
	struct tls_set *set = NULL;
	bool is_changed = c->is_due;
	int r;

	/* others may follow: a key comes after its certificate */
	c->is_due = have_changed(c);
	if (c->is_due || is_lazy(&c->config) || (!is_changed && now - c->loaded < DAY_S))
		return TLS_LOOK_SAME;
	c->loaded = now;
	r = tls_load(&c->config, now, &set, why);
	if (r == 0 || (r == TLS_E_EXPIRED && is_no_worse(set, c->set, now))) {
		replace(c, set);
		return is_changed ? TLS_LOOK_RENEWED : TLS_LOOK_SAME;
	}
	if (r < 0)
		snprintf(why, TLS_WHY_SIZE, "%s", strerror(-r));
	tls_set_unref(set);
	return is_changed ? TLS_LOOK_BAD : TLS_LOOK_SAME;
}

int64_t tls_context_expires(struct tls_context *c)
{
	int64_t expires;

	pthread_mutex_lock(&c->lock);
	expires = c->set ? c->set->expires : 0;
	pthread_mutex_unlock(&c->lock);
	return expires;
}
