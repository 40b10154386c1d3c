#include "loadgen/verdict.h"

#include <math.h>
#include <string.h>

#include "common/tolerance.h"

static int64_t increase(int64_t before, int64_t after)
{
	return after >= before ? after - before : after;
}

static void verdict_add_row(struct verdict *v, const struct cluster_analyzer *before,
			    const struct cluster_analyzer *after)
{
	static const struct cluster_analyzer none;
	struct verdict_row *row = &v->rows[v->n_rows++];

	v->n_joined += !before;
	if (!before)
		before = &none;
	strcpy(row->id, after->id);
	row->weight = after->weight;
	row->share = after->share;
	row->routed = increase(before->routed, after->routed);
	row->delivered = increase(before->delivered, after->delivered);
	row->processed = increase(before->processed, after->processed);
	v->routed += row->routed;
	v->delivered += row->delivered;
	v->processed += row->processed;
}

/* Needs the totals. */
static void verdict_judge_row(struct verdict *v, struct verdict_row *row)
{
	double total = (double)v->routed;
	const struct tolerance tolerance = { v->tolerance_percent,
					     v->slack_messages / TOLERANCE_PACKETS };
	struct deviation d = tolerance_judge(&tolerance, row->share, (double)row->routed, total);

	if (v->routed)
		row->actual = (double)row->routed / total;
	row->error_percent = d.percent;
	row->error_messages = d.messages;
	row->ok = d.is_within || v->roster_changed;
	v->shares_ok &= row->ok;
	v->worst_percent = fmax(v->worst_percent, fabs(row->error_percent));
}

/* The sum of the rows stands where the total is not said, or went down because Redis lost it. */
static int64_t take_total(int64_t sum, int64_t before, int64_t after)
{
	return before >= 0 && after >= before ? after - before : sum;
}

static size_t count_left(const struct cluster *before, const struct cluster *after)
{
	size_t n = 0;

	for (size_t i = 0; i < before->n_analyzers; i++)
		n += !cluster_find(after, before->analyzers[i].id);
	return n;
}

/* What is not said, or went down because Redis lost it, is not compared. */
static void verdict_judge_accounts(struct verdict *v, const struct cluster *before,
				   const struct cluster *after)
{
	v->accounts_ok = true;
	if (before->counted_packets < 0 || before->accounted_packets < 0 ||
	    after->counted_packets < before->counted_packets ||
	    after->accounted_packets < before->accounted_packets)
		return;
	v->counted_packets = after->counted_packets - before->counted_packets;
	v->accounted_packets = after->accounted_packets - before->accounted_packets;
	v->accounts_ok = v->counted_packets == v->accounted_packets;
}

int verdict_init(struct verdict *v, const struct cluster *before, const struct cluster *after,
		 int64_t accepted, double tolerance_percent, double slack_messages)
{
	*v = (struct verdict){ .accepted = accepted,
			       .tolerance_percent = tolerance_percent,
			       .slack_messages = slack_messages,
			       .epoch_before = before->epoch,
			       .epoch_after = after->epoch,
			       .n_left = count_left(before, after),
			       .roster_changed = before->epoch != after->epoch,
			       .shares_ok = true };
	v->rows = calloc(after->n_analyzers + 1, sizeof(*v->rows));
	if (!v->rows)
		return -ENOMEM;
	for (size_t i = 0; i < after->n_analyzers; i++)
		verdict_add_row(v, cluster_find(before, after->analyzers[i].id),
				&after->analyzers[i]);
	v->routed = take_total(v->routed, before->total_routed, after->total_routed);
	v->delivered = take_total(v->delivered, before->total_delivered, after->total_delivered);
	for (size_t i = 0; i < v->n_rows; i++)
		verdict_judge_row(v, &v->rows[i]);
	v->delivered_ok = v->delivered >= accepted;
	verdict_judge_accounts(v, before, after);
	return 0;
}

void verdict_deinit(struct verdict *v)
{
	free(v->rows);
	*v = (struct verdict){ 0 };
}

bool verdict_ok(const struct verdict *v)
{
	return v->shares_ok && v->delivered_ok && v->accounts_ok;
}
