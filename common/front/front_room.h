#ifndef WEIR_COMMON_FRONT_ROOM_H
#define WEIR_COMMON_FRONT_ROOM_H
/*
 * Who gives way where there is no room. Connections that the other side is waited for give way, the
 * one that was waited for longest first; those that had a trusted request before come last.
 */
#include "common/front/front_state.h"

/* Room for one more connection from that peer. False: there is none. */
bool front_make_room(struct front_crowd *crowd, const struct net_addr *peer) MUST_CHECK;
/* Closes one connection. False: there is none that gives way. */
bool front_evict(struct front_crowd *crowd);
/* A proxy has said who is behind the connection: others of that client may have to give way. */
void front_bound_client(struct front_conn *c);
/* The bodies that are here are too large together: others that still come give way. False: c is the
 * one that does. */
bool front_make_room_for_body(struct front_conn *c) MUST_CHECK;
/* Room for one more stream. False: there is none for that client. */
bool front_make_room_for_stream(struct front_conn *c) MUST_CHECK;

#endif
