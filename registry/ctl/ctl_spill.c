/* How much is in the spill, and who has taken of it. */
#include <inttypes.h>
#include <stdio.h>

#include "registry/ctl/ctl_entries.h"
#include "registry/ctl/ctl_table.h"
#include "registry/spill_state.h"

static enum ctl_exit print_json(const struct spill_state *s)
{
	cJSON *json = cJSON_CreateObject(), *consumers, *c;

	spill_state_add_totals(s, json);
	consumers = cJSON_AddArrayToObject(json, "consumers");
	for (size_t i = 0; i < s->n_consumers; i++) {
		cJSON_AddItemToArray(consumers, c = cJSON_CreateObject());
		cJSON_AddStringToObject(c, "worker", s->consumers[i].name);
		cJSON_AddNumberToObject(c, "taken", (double)s->consumers[i].n_taken);
		cJSON_AddBoolToObject(c, "live", s->consumers[i].is_live);
	}
	return ctl_print_json(json);
}

static void write_consumers(const struct spill_state *s, struct buf *out)
{
	static const char *const headings[] = { "<WORKER", ">TAKEN", "<LIVE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (size_t i = 0; i < s->n_consumers; i++) {
		ctl_table_cell(&table, "%s", s->consumers[i].name);
		ctl_table_count(&table, (double)s->consumers[i].n_taken);
		ctl_table_cell(&table, "%s", s->consumers[i].is_live ? "yes" : "no");
	}
	buf_append_str(out, "\n");
	ctl_table_write(&table, out);
}

static enum ctl_exit print_text(const struct ctl *ctl, const struct spill_state *s)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	char age[CTL_AGE_MAX];

	if (s->oldest[0]) {
		ctl_write_age(spill_state_oldest_ms(s), age);
		buf_printf(&out,
			   "pool %s: %" PRIu64 " packets, %.0f messages, %.0f bytes in the spill; "
			   "the oldest has waited %s\n",
			   ctl->options.pool, s->n_packets, s->n_messages, s->n_bytes, age);
	} else {
		buf_printf(&out, "pool %s: the spill is empty\n", ctl->options.pool);
	}
	if (s->n_consumers)
		write_consumers(s, &out);
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return CTL_OK;
}

enum ctl_exit ctl_spill_status(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct spill_state state CLEANUP(spill_state_deinit) = { 0 };
	const struct entries spill = ctl_entries_of(ctl, KEY_SPILL);
	int r = spill_state_read(&spill, &state);

	(void)command;
	(void)arguments;
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	return ctl->options.json ? print_json(&state) : print_text(ctl, &state);
}
