#ifndef WEIR_NODE_SPILL_ENTRY_H
#define WEIR_NODE_SPILL_ENTRY_H
/*
 * A packet as the entry of the spill that it becomes.
 */
#include "node/packet/packet_form.h"
#include "node/packet/suspicion.h"
#include "registry/spill.h"

/* Borrows all that the packet has. */
static inline struct spill_packet spill_entry_of(struct packet *p)
{
	struct json_slice id = packet_id(p);

	return (struct spill_packet){ .id = id.data,
				      .id_len = id.len,
				      .form = packet_form_text(p),
				      .n_messages = p->n_messages,
				      .n_failures = suspicion_n_failures(p),
				      .via = p->via,
				      .received_ms = packet_received_ms(p),
				      .body = p->body,
				      .len = p->len };
}

#endif
