#ifndef WEIR_REGISTRY_LINK_GREET_H
#define WEIR_REGISTRY_LINK_GREET_H
#include "registry/redis/link_state.h"

/* Sends the greeting over a new connection: who we are, then every script of the set, or the
 * subscription. Its answers lead to link_come_up or link_break_off. */
void link_greet(struct link *link);

#endif
