#ifndef WEIR_NODE_ADMIN_API_H
#define WEIR_NODE_ADMIN_API_H
/*
 * The handlers of the admin port that deal with analyzers and the cluster.
 */
#include <civetweb.h>
#include <pthread.h>

#include "node/admin.h"
#include "registry/client.h"

struct admin_api {
	struct admin_config config;
	pthread_mutex_t lock;  /* of client: one call at a time */
	struct client *client; /* owned by the admin */
};

/* id: of the path's {id}, "" where it has none. Each answers the request and returns the status. */
int admin_get_cluster(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_get_nodes(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_list_analyzers(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_get_analyzer(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_register(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_heartbeat(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_deregister(struct admin_api *api, struct mg_connection *conn, const char *id);
int admin_change(struct admin_api *api, struct mg_connection *conn, const char *id);

/* A problem with a status, a code and a sentence; allow may be NULL. */
int admin_refuse(struct mg_connection *conn, int status, const char *code, const char *detail,
		 const char *allow);

#endif
