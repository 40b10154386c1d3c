#ifndef WEIR_REGISTRY_LEASES_H
#define WEIR_REGISTRY_LEASES_H
/*
 * Leases while Redis takes no writes: nobody can renew one, so that one ended says nothing of its
 * owner. Nodes route on to all that were there. Pure.
 */
#include "registry/roster.h"

/* Of a roster that nobody else has yet. An analyzer whose lease ended after the last heartbeat that
 * Redis took is not down. last: as it was when Redis took writes, whose workers are taken for live;
 * NULL: nobody saw it. */
int leases_forgive(struct roster *roster, const struct roster *last) MUST_CHECK;

#endif
