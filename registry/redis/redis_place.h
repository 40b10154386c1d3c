#ifndef WEIR_REGISTRY_REDIS_PLACE_H
#define WEIR_REGISTRY_REDIS_PLACE_H
/*
 * Where Redis is: what the URL says, and where it was found last. redis_url.h reads the one,
 * finder.h finds the other. The parts of the URL are read-only once parsed.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/err.h"

#define REDIS_URL_E_SYNTAX 1
#define REDIS_URL_E_MASTER 2 /* sentinels without the name of a master */
#define REDIS_URL_E_QUERY 3  /* something behind '?' that this kind of URL does not have */
#define REDIS_URL_E_TLS 4    /* rediss:// needs a hiredis with TLS */
#define REDIS_URL_E_OTHER 6  /* a newer URL is of another Redis */
#define REDIS_URL_E_FILE 5   /* ca, cert or key cannot be used */

#define REDIS_URL_MAX_HOSTS 16
#define REDIS_CLUSTER_MAX_NODES 64 /* of a Redis Cluster, that are asked where a slot is */
#define REDIS_URL_STRLEN 384
#define REDIS_WHY_STRLEN 512

struct redis_tls;
struct finder_watch;

struct redis_host {
	char name[256];
	int port;
};

/* Where one server is. */
struct redis_place {
	struct redis_host host;         /* as it was named */
	char address[INET6_ADDRSTRLEN]; /* numeric; "" until looked up */
	unsigned number;                /* of this find: differs when Redis is elsewhere */
	int sentinel;                   /* index of the host that said so; -1: none did */
};

struct redis_url {
	char path[108]; /* unix socket, or "" */
	struct redis_host hosts
		[REDIS_URL_MAX_HOSTS]; /* of Redis: one; or of its sentinels, or of nodes of a cluster */
	unsigned n_hosts;
	char master[128];   /* the name that sentinels know; "" = there are none */
	char user[128];     /* "" = none */
	char password[256]; /* "" = none */
	char sentinel_user[128];
	char sentinel_password[256];
	int db;
	bool is_seeded; /* hosts are nodes of a cluster */
	bool is_tls;
	char ca[256], cert[256], key[256]; /* files, or "" */
	struct redis_tls *tls;             /* a reference, under the lock; NULL: none */
	const char *file; /* borrowed: what the URL was read from, and is again; NULL: no file */
	_Atomic bool is_cluster; /* Redis Cluster: by the URL, or as a server has said */
	_Atomic bool is_single;  /* a server has said that it is in no cluster */
	bool is_fixed;           /* nobody has to be asked where it is: a socket, or an address */
	char why[REDIS_URL_STRLEN]; /* the last parse failed */

	pthread_mutex_t lock;     /* of all below, of user, password and tls */
	struct redis_place place; /* where it was found last */
	unsigned first_sentinel;  /* answered last, so it is asked first */
	int slot;                 /* of the pool in a cluster; -1: not known */
	struct redis_host nodes[REDIS_CLUSTER_MAX_NODES]; /* of the cluster, as last told */
	unsigned n_nodes;
	/* of finder.c */
	pthread_t thread;
	bool has_thread, must_stop;
	pthread_cond_t wake;
	struct finder_watch *watches; /* borrowed */
};

/* Makes it the place where all others find Redis too. */
void redis_place_publish(struct redis_url *url, struct redis_place *place);

#endif
