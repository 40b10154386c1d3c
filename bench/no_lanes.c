/*
 * node/deliver/dispatch.h without HTTP: every analyzer is there and takes every packet at once.
 * Linked in its place, it lets thousands of routers run in one process, with all else as it is in a
 * node.
 */
#include <string.h>

#include "node/deliver/dispatch.h"

int dispatch_init(struct dispatch *d, struct event_base *base,
		  const struct lane_config *lane_config, const struct dispatch_events *events)
{
	(void)base;
	memset(d, 0, sizeof(*d));
	d->lane_config = *lane_config;
	d->events = *events;
	return 0;
}

void dispatch_end(struct dispatch *d)
{
	memset(d->reach, 0, sizeof(d->reach));
	d->n_reachable = 0;
}

void dispatch_deinit(struct dispatch *d)
{
	(void)d;
}

void dispatch_set_roster(struct dispatch *d, const struct roster *roster, const int *moved)
{
	(void)moved;
	d->n_slots = roster->n_slots;
	d->n_reachable = 0;
	for (unsigned i = 0; i < d->n_slots; i++) {
		d->reach[i] = roster->by_slot[i] != NULL;
		d->n_reachable += d->reach[i];
	}
}

void dispatch_set_probes(struct dispatch *d, const uint64_t *down_bits)
{
	(void)d;
	(void)down_bits;
}

void dispatch_push(struct dispatch *d, unsigned slot, struct packet *p)
{
	p->slot = (uint16_t)slot;
	d->events.on_delivered(d->events.arg, slot, "", p);
}

void dispatch_flush(struct dispatch *d)
{
	(void)d;
}

unsigned dispatch_n_packets(const struct dispatch *d)
{
	(void)d;
	return 0;
}

void dispatch_write_not_now(const struct dispatch *d, struct buf *out)
{
	(void)d;
	buf_clear(out);
}

void dispatch_write_unreachable(const struct dispatch *d, struct buf *out)
{
	(void)d;
	buf_clear(out);
}

void dispatch_write_slow(const struct dispatch *d, struct buf *out)
{
	(void)d;
	buf_clear(out);
}

bool dispatch_find_well(const struct dispatch *d, bool for_suspect, bool well[ROSTER_MAX_SLOTS])
{
	(void)for_suspect;
	memcpy(well, d->reach, sizeof(d->reach));
	return d->n_reachable > 0;
}
