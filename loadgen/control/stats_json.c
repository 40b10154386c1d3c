#include "loadgen/control/stats_json.h"

#include <stdbool.h>

struct number {
	const char *name;
	double value;
};

static bool add_numbers(cJSON *json, const struct number *numbers, size_t n)
{
	bool is_ok = json != NULL;

	for (size_t i = 0; i < n && is_ok; i++)
		is_ok = cJSON_AddNumberToObject(json, numbers[i].name, numbers[i].value) != NULL;
	return is_ok;
}

static bool add_object(cJSON *json, const char *name, const struct number *numbers, size_t n)
{
	return add_numbers(cJSON_AddObjectToObject(json, name), numbers, n);
}

static bool add_tally(cJSON *json, const char *name, const struct emitter_tally *tally)
{
	const struct number numbers[] = { { "packets", (double)tally->packets },
					  { "messages", (double)tally->messages } };

	return add_object(json, name, numbers, ARRAY_LEN(numbers));
}

static bool add_figures(cJSON *json, const struct emitter_figures *f)
{
	const struct number sent[] = { { "packets", (double)f->sent.packets },
				       { "messages", (double)f->sent.messages },
				       { "bytes", (double)f->n_sent_bytes } };
	const struct number latency[] = { { "p50", (double)f->p50_us },
					  { "p90", (double)f->p90_us },
					  { "p99", (double)f->p99_us },
					  { "max", (double)f->max_us } };
	const struct number others[] = { { "packets_per_s", f->packets_per_s },
					 { "messages_per_s", f->messages_per_s },
					 { "backlog", (double)f->n_backlog },
					 { "in_flight", (double)f->n_in_flight },
					 { "waiting_messages", (double)f->n_waiting } };

	return add_object(json, "sent", sent, ARRAY_LEN(sent)) &&
	       add_tally(json, "accepted", &f->accepted) &&
	       add_tally(json, "refused", &f->refused) && add_tally(json, "failed", &f->failed) &&
	       add_object(json, "latency_us", latency, ARRAY_LEN(latency)) &&
	       add_numbers(json, others, ARRAY_LEN(others));
}

cJSON *stats_json_make(const struct emitter_orders *orders, const struct emitter_figures *figures,
		       const char *format)
{
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddStringToObject(json, "status", orders->is_running ? "running" : "stopped") &&
	    cJSON_AddNumberToObject(json, "rate", orders->rate_per_s) &&
	    cJSON_AddStringToObject(json, "format", format) && add_figures(json, figures))
		return json;
	cJSON_Delete(json);
	return NULL;
}
