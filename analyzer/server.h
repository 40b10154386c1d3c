#ifndef WEIR_ANALYZER_SERVER_H
#define WEIR_ANALYZER_SERVER_H
/*
 * The server, by HTTP/1.1 and HTTP/2: POST /ingest or /analyze; GET /health, /status, /processed, /stats,
 * /metrics; POST /enable, /disable; calls of gRPC (call.h). Each of its ports serves all of them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "analyzer/ingest.h"
#include "common/net/net.h"

struct server;

/* Serves from now on; borrows all until server_stop. delivery_token: what deliveries have to come with;
 * NULL: nothing. Negative errno, the reason is logged. */
int server_start(const struct ingest *ingest, const char *delivery_token,
		 struct server **serverp) MUST_CHECK;
/* Waits for requests that are being served. */
void server_stop(struct server *server);

/* What it is bound to, with the real port. */
const struct net_addr *server_addr(const struct server *server);
/* Where its TLS port is, if it has one. */
const struct net_addr *server_tls_addr(const struct server *server);
/* Where its port for gRPC is, if it has one. */
const struct net_addr *server_grpc_addr(const struct server *server);
/* From now on its health check fails, and connections are closed after an answer. */
void server_drain(struct server *server);
/* How long no delivery has been in work, in us; 0 while one is. */
uint64_t server_idle_us(const struct server *server);
/* A connection of HTTP/2 has not heard yet which of its calls are answered. */
bool server_has_h2(const struct server *server);

#endif
