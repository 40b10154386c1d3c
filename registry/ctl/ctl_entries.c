#include "registry/ctl/ctl_entries.h"

#include <inttypes.h>
#include <stdio.h>

struct entries ctl_entries_of(struct ctl *ctl, enum registry_key stream)
{
	return (struct entries){ ctl->store, &ctl->store_keys, stream };
}

enum ctl_exit ctl_entries_check(char *const *names)
{
	for (; *names; names++)
		if (!entry_is_name(*names))
			return ctl_usage("\"%s\" is no entry: expected two numbers, e.g. "
					 "1763730000000-0, as the list shows them",
					 *names);
	return CTL_OK;
}

void ctl_write_age(uint64_t ms, char out[CTL_AGE_MAX])
{
	static const struct {
		uint64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	uint64_t s = ms / 1000;
	size_t i = 0;

	while (i + 2 < ARRAY_LEN(units) && s < units[i].s)
		i++;
	if (s < units[i].s)
		snprintf(out, CTL_AGE_MAX, "%" PRIu64 "s", s);
	else
		snprintf(out, CTL_AGE_MAX, "%" PRIu64 "%s %" PRIu64 "%s", s / units[i].s,
			 units[i].name, s % units[i].s / units[i + 1].s, units[i + 1].name);
}
