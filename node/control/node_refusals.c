#include "node/control/node_refusals.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define REPORTED_MOST 24

static int by_request(const void *a, const void *b)
{
	const struct refused_request *x = a, *y = b;
	int differ = (int)x->refusal - (int)y->refusal;

	if (differ == 0)
		differ = (int)x->method - (int)y->method;
	if (differ == 0)
		differ = strcmp(x->path, y->path);
	if (differ == 0)
		differ = strcmp(x->client, y->client);
	return differ ? differ : strcmp(x->token, y->token);
}

/* Equal ones of several workers become one. Returns how many are left. */
static unsigned merge(struct refused_request *all, unsigned n)
{
	unsigned n_merged = 0;

	qsort(all, n, sizeof(*all), by_request);
	for (unsigned i = 0; i < n; i++) {
		struct refused_request *last = n_merged ? &all[n_merged - 1] : NULL;

		assert(n_merged <= i); /* what is not read yet stays as it is */
		if (!last || by_request(last, &all[i]) != 0) {
			all[n_merged++] = all[i];
			continue;
		}
		last->count += all[i].count;
		if (all[i].last_us > last->last_us)
			last->last_us = all[i].last_us;
	}
	return n_merged;
}

static int by_count(const void *a, const void *b)
{
	uint64_t x = ((const struct refused_request *)a)->count;
	uint64_t y = ((const struct refused_request *)b)->count;

	return x < y ? 1 : x > y ? -1 : 0;
}

static cJSON *refusal_json(const struct refused_request *q, uint64_t now_us)
{
	const struct http_refusal_info *info = refusal_info(q->refusal);
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "method", http_method_names[q->method]);
	cJSON_AddStringToObject(json, "path", q->path);
	cJSON_AddStringToObject(json, "client", q->client);
	if (*q->token)
		cJSON_AddStringToObject(json, "token", q->token);
	cJSON_AddNumberToObject(json, "status", info->status);
	cJSON_AddStringToObject(json, "code", info->name);
	cJSON_AddNumberToObject(json, "count", (double)q->count);
	cJSON_AddNumberToObject(json, "age_ms",
				now_us > q->last_us ? (double)((now_us - q->last_us) / US_PER_MS)
						    : 0);
	cJSON_AddStringToObject(json, "advice", refused_advice(q->refusal));
	return json;
}

/* Those of all workers, the most frequent first; the caller's to free. NULL: no memory. */
static struct refused_request *read_all(const struct node_shared *shared, uint64_t now_us,
					unsigned *np)
{
	unsigned n_workers = (unsigned)shared->config->workers;
	struct refused_request *all = calloc((size_t)n_workers * REFUSED_MOST + 1, sizeof(*all));

	*np = 0;
	for (unsigned i = 0; all && i < n_workers && i < NODE_WORKERS_MOST; i++) {
		assert(*np <= i * REFUSED_MOST); /* so there is room for as many more */
		if (shared->refused[i])
			*np += refused_read(shared->refused[i], now_us, all + *np);
	}
	if (!all)
		return NULL;
	*np = merge(all, *np);
	qsort(all, *np, sizeof(*all), by_count);
	return all;
}

void node_refusals_token(const struct node_shared *shared, enum refusal refusal, uint64_t now_us,
			 char token[REFUSED_TOKEN])
{
	unsigned n, i = 0;
	struct refused_request *all = read_all(shared, now_us, &n);

	while (i < n && all[i].refusal != refusal)
		i++;
	snprintf(token, REFUSED_TOKEN, "%s", i < n ? all[i].token : "");
	free(all);
}

cJSON *node_refusals_json(const struct node_shared *shared, uint64_t now_us)
{
	unsigned n;
	struct refused_request *all = read_all(shared, now_us, &n);
	cJSON *list = cJSON_CreateArray();

	for (unsigned i = 0; i < n && i < REPORTED_MOST; i++)
		cJSON_AddItemToArray(list, refusal_json(&all[i], now_us));
	free(all);
	return list;
}
