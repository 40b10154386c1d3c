#include "analyzer/sidecar/metric_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MOST 9007199254740992.0 /* 2^53 */

void metric_sum_init(struct metric_sum *m, const char *name)
{
	*m = (struct metric_sum){ .name = name };
}

/* Behind {labels}, whose values may hold anything in quotes; NULL: they do not end. */
static const char *skip_labels(const char *at)
{
	bool is_quoted = false;

	for (at++; *at; at++) {
		if (is_quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			is_quoted = !is_quoted;
		else if (*at == '}' && !is_quoted)
			return at + 1;
	}
	return NULL;
}

/* name{labels} VALUE [timestamp] */
static void take_line(struct metric_sum *m)
{
	const char *at = m->line;
	size_t len = strlen(m->name);
	char *end;
	double value;

	if (strncmp(at, m->name, len) != 0 || !strchr("{ \t", at[len]) || !at[len])
		return;
	at += len;
	if (*at == '{')
		at = skip_labels(at);
	if (!at)
		return;
	value = strtod(at, &end);
	if (end == at || !isfinite(value) || value < 0)
		return;
	m->sum += value;
	m->is_found = true;
}

static void end_line(struct metric_sum *m)
{
	if (m->len <= METRIC_LINE_MAX) {
		m->line[m->len] = '\0';
		take_line(m);
	}
	m->len = 0;
}

void metric_sum_feed(struct metric_sum *m, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			end_line(m);
		else if (m->len < METRIC_LINE_MAX)
			m->line[m->len++] = data[i];
		else
			m->len = METRIC_LINE_MAX + 1;
	}
}

bool metric_sum_end(struct metric_sum *m, uint64_t *valuep)
{
	end_line(m);
	if (m->is_found)
		*valuep = (uint64_t)(m->sum < EXACT_MOST ? m->sum : EXACT_MOST);
	return m->is_found;
}
