#ifndef WEIR_T_UNIT_PEER_H
#define WEIR_T_UNIT_PEER_H
/*
 * A server whose part the test plays itself, step by step, in the thread that also turns the loop
 * of what is tested. Its functions fail the running test where nothing comes for PEER_WAIT_US.
 */
#include <event2/event.h>
#include <stdbool.h>

#include "common/clock.h"
#include "common/net/net.h"

#define PEER_WAIT_US (10 * US_PER_S)
#define PEER_OK "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"

struct peer {
	struct event_base *base; /* borrowed */
	int listen_fd;           /* -1: it refuses */
	int fd;                  /* the connection that was accepted last; -1: none */
	struct net_addr addr;
	char url[NET_ADDR_STRLEN + 16]; /* http://127.0.0.1:port/in */
};

/* at: "127.0.0.1:0" */
void peer_init(struct peer *p, struct event_base *base, const char *at);
void peer_deinit(struct peer *p);
/* Connections are refused from now on; the one that stands is not touched. */
void peer_refuse(struct peer *p);
void peer_accept(struct peer *p);
/* True: a connection waits to be accepted, after all that is ready has run. */
bool peer_is_called(struct peer *p);
/* Up to and with `end`, NUL-terminated; the length. */
size_t peer_read(struct peer *p, const char *end, char *out, size_t size);
/* Reads n bytes; out NULL: they are thrown away. */
void peer_read_bytes(struct peer *p, char *out, size_t n);
void peer_write(struct peer *p, const char *text);
void peer_close(struct peer *p);
/* With a RST. */
void peer_reset(struct peer *p);

/* Turns the loop until then. */
#define PEER_TURN_UNTIL(base, condition)                                                           \
	do {                                                                                       \
		uint64_t peer_give_up_us = clock_mono_us() + PEER_WAIT_US;                         \
                                                                                                   \
		while (!(condition) && clock_mono_us() < peer_give_up_us)                          \
			peer_turn(base);                                                           \
		assert_true(condition);                                                            \
	} while (0)
/* Once: what is ready runs; waits a moment where nothing is. */
void peer_turn(struct event_base *base);

#endif
