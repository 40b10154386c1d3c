#include "loadgen/report.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#include "common/clock.h"

void report_format_us(uint64_t us, char out[REPORT_TIME_SIZE])
{
	if (us < US_PER_MS)
		snprintf(out, REPORT_TIME_SIZE, "%" PRIu64 "us", us);
	else if (us < US_PER_S)
		snprintf(out, REPORT_TIME_SIZE, "%.2fms", (double)us / (double)US_PER_MS);
	else
		snprintf(out, REPORT_TIME_SIZE, "%.2fs", (double)us / (double)US_PER_S);
}

static const struct {
	const char *name; /* in JSON */
	double percent;
} percentiles[] = {
	{ "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99_9", 99.9 }, { "max", 100 },
};

/* ---- text ---- */

static void print_tally(FILE *out, const char *name, const struct tally *t)
{
	fprintf(out, "%-10s %12" PRIu64 " %12" PRIu64, name, t->packets, t->messages);
}

static void print_refused(FILE *out, const struct stats *s)
{
	print_tally(out, "refused", &s->refused);
	for (int status = 0; status < STATS_STATUSES; status++) {
		if (s->refused_by_status[status])
			fprintf(out, "   %d: %" PRIu64, status, s->refused_by_status[status]);
	}
	fprintf(out, "\n");
}

static void print_failed(FILE *out, const struct stats *s)
{
	print_tally(out, "failed", &s->failed);
	for (int i = 0; i < CLIENT_OUTCOMES; i++) {
		if (s->failed_by_outcome[i])
			fprintf(out, "   %s: %" PRIu64, client_outcome_names[i],
				s->failed_by_outcome[i]);
	}
	fprintf(out, "\n");
}

static void print_histogram(FILE *out, const char *name, const struct histogram *h,
			    const char *what)
{
	char text[REPORT_TIME_SIZE];

	fprintf(out, "%-10s", name);
	for (size_t i = 0; i < ARRAY_LEN(percentiles); i++) {
		report_format_us(histogram_percentile(h, percentiles[i].percent), text);
		fprintf(out, " %9s", text);
	}
	fprintf(out, "   %s\n", what);
}

static void print_counters(FILE *out, const struct stats *s)
{
	const struct {
		const char *name;
		uint64_t value;
	} counters[] = {
		{ "connections", s->connections.n_connects },
		{ "reconnects", s->connections.n_reconnects },
		{ "resent", s->connections.n_resent },
		{ "retried", s->n_retries },
		{ "worst backlog", s->max_backlog },
		{ "dropped", s->n_dropped },
		{ "unsent", s->n_unsent },
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		fprintf(out, "%s%s %" PRIu64, i ? ", " : "", counters[i].name, counters[i].value);
	fprintf(out, "%s\n", s->interrupted ? "; interrupted" : "");
}

#define REASON_SIZE 200

/* Why shares are not judged. */
static void format_reason(const struct verdict *v, char out[REASON_SIZE])
{
	snprintf(out, REASON_SIZE,
		 "the pool changed during the run: %zu analyzers joined, %zu left (epoch %" PRId64
		 " to %" PRId64 ")",
		 v->n_joined, v->n_left, v->epoch_before, v->epoch_after);
}

static void print_shares(FILE *out, const struct verdict *v)
{
	char reason[REASON_SIZE];

	if (v->roster_changed) {
		format_reason(v, reason);
		fprintf(out, "shares not judged: %s\n", reason);
		return;
	}
	fprintf(out, "shares %s: worst error %.3f %%, allowed %g %% or %g messages\n",
		v->shares_ok ? "right" : "WRONG", v->worst_percent, v->tolerance_percent,
		v->slack_messages);
}

static void print_verdict(FILE *out, const struct verdict *v)
{
	fprintf(out, "\n%-16s %8s %10s %10s %12s %10s %12s\n", "analyzer", "weight", "target",
		"actual", "messages", "error", "off by");
	for (size_t i = 0; i < v->n_rows; i++) {
		const struct verdict_row *row = &v->rows[i];

		fprintf(out, "%-16s %8g %8.3f %% %8.3f %% %12" PRId64 " %+8.3f %% %+12.1f%s\n",
			row->id, row->weight, row->share * 100, row->actual * 100, row->routed,
			row->error_percent, row->error_messages, row->ok ? "" : "  <-");
	}
	print_shares(out, v);
	fprintf(out, "accepted %" PRId64 ", routed %" PRId64 ", delivered %" PRId64 "%s\n",
		v->accepted, v->routed, v->delivered, v->delivered_ok ? "" : ": NOT ALL DELIVERED");
	if (!v->accounts_ok)
		fprintf(out,
			"ACCOUNTS WRONG: nodes account for %" PRId64
			" delivered packets, counters of analyzers for %" PRId64 "\n",
			v->accounted_packets, v->counted_packets);
}

void report_print_text(FILE *out, const struct stats *s, const struct verdict *verdict)
{
	double elapsed_s = stats_elapsed_s(s);

	fprintf(out, "%-10s %12s %12s   in %.1f s\n", "", "packets", "messages", elapsed_s);
	print_tally(out, "sent", &s->sent);
	fprintf(out, "   %.1f packets/s, %.1f messages/s, %.2f MB/s\n",
		(double)s->sent.packets / elapsed_s, (double)s->sent.messages / elapsed_s,
		(double)s->n_sent_bytes / elapsed_s / 1e6);
	print_tally(out, "accepted", &s->accepted);
	fprintf(out, "\n");
	print_refused(out, s);
	print_failed(out, s);
	fprintf(out, "%-10s %9s %9s %9s %9s %9s\n", "", "p50", "p90", "p99", "p99.9", "max");
	print_histogram(out, "latency", &s->latency_us, "due to accepted");
	print_histogram(out, "service", &s->service_us, "first byte written to accepted");
	print_histogram(out, "lateness", &s->lateness_us, "due to first byte written");
	print_counters(out, s);
	if (verdict)
		print_verdict(out, verdict);
}

/* ---- JSON ---- */

struct number {
	const char *name;
	double value;
};

/* cJSON's adders return NULL without memory; `ok` gathers that. */
static void add_numbers(cJSON *object, const struct number *numbers, size_t n, bool *okp)
{
	for (size_t i = 0; i < n; i++)
		*okp &= cJSON_AddNumberToObject(object, numbers[i].name, numbers[i].value) != NULL;
}
#define ADD_NUMBERS(object, okp, ...)                                                              \
	add_numbers(object, (const struct number[]){ __VA_ARGS__ },                                \
		    sizeof((const struct number[]){ __VA_ARGS__ }) / sizeof(struct number), okp)

static void add_bool(cJSON *object, const char *name, bool value, bool *okp)
{
	*okp &= cJSON_AddBoolToObject(object, name, value) != NULL;
}

static cJSON *add_tally(cJSON *root, const char *name, const struct tally *t, bool *okp)
{
	cJSON *object = cJSON_AddObjectToObject(root, name);

	ADD_NUMBERS(object, okp, { "packets", (double)t->packets },
		    { "messages", (double)t->messages });
	return object;
}

static void add_by_status(cJSON *object, const uint64_t *by_status, bool *okp)
{
	char name[16];

	for (int status = 0; status < STATS_STATUSES; status++) {
		if (!by_status[status])
			continue;
		snprintf(name, sizeof(name), "%d", status);
		ADD_NUMBERS(object, okp, { name, (double)by_status[status] });
	}
}

static void add_by_outcome(cJSON *object, const uint64_t *by_outcome, bool *okp)
{
	for (int i = 0; i < CLIENT_OUTCOMES; i++) {
		if (by_outcome[i])
			ADD_NUMBERS(object, okp,
				    { client_outcome_names[i], (double)by_outcome[i] });
	}
}

static void add_refused(cJSON *root, const struct stats *s, bool *okp)
{
	cJSON *object = add_tally(root, "refused", &s->refused, okp);

	add_by_status(cJSON_AddObjectToObject(object, "by_status"), s->refused_by_status, okp);
}

static void add_failed(cJSON *root, const struct stats *s, bool *okp)
{
	cJSON *object = add_tally(root, "failed", &s->failed, okp);

	add_by_outcome(cJSON_AddObjectToObject(object, "by_reason"), s->failed_by_outcome, okp);
}

static void add_retried(cJSON *root, const struct stats *s, bool *okp)
{
	cJSON *object = cJSON_AddObjectToObject(root, "retried_by");

	add_by_status(object, s->retried_by_status, okp);
	add_by_outcome(object, s->retried_by_outcome, okp);
}

static void add_histogram(cJSON *root, const char *name, const struct histogram *h, bool *okp)
{
	cJSON *object = cJSON_AddObjectToObject(root, name);

	for (size_t i = 0; i < ARRAY_LEN(percentiles); i++)
		ADD_NUMBERS(object, okp,
			    { percentiles[i].name,
			      (double)histogram_percentile(h, percentiles[i].percent) });
	ADD_NUMBERS(object, okp, { "mean", histogram_mean(h) });
}

static void add_rate(cJSON *root, const struct stats *s, bool *okp)
{
	cJSON *object = cJSON_AddObjectToObject(root, "rate");
	double elapsed_s = stats_elapsed_s(s);

	ADD_NUMBERS(object, okp, { "packets_per_s", (double)s->sent.packets / elapsed_s },
		    { "messages_per_s", (double)s->sent.messages / elapsed_s },
		    { "bytes_per_s", (double)s->n_sent_bytes / elapsed_s });
}

/* Null for shares that are not judged. */
static void add_judgement(cJSON *object, const char *name, bool is_judged, bool is_ok, bool *okp)
{
	cJSON *value = is_judged ? cJSON_CreateBool(is_ok) : cJSON_CreateNull();

	if (cJSON_AddItemToObject(object, name, value))
		return;
	cJSON_Delete(value);
	*okp = false;
}

static void add_shares(cJSON *object, const struct verdict *v, bool *okp)
{
	char reason[REASON_SIZE];

	add_judgement(object, "shares_ok", !v->roster_changed, v->shares_ok, okp);
	if (!v->roster_changed)
		return;
	format_reason(v, reason);
	*okp &= cJSON_AddStringToObject(object, "shares_not_judged", reason) != NULL;
}

static void add_verdict_row(cJSON *list, const struct verdict_row *row, bool is_judged, bool *okp)
{
	cJSON *object = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(list, object)) {
		cJSON_Delete(object);
		*okp = false;
		return;
	}
	*okp &= cJSON_AddStringToObject(object, "id", row->id) != NULL;
	ADD_NUMBERS(
		object, okp, { "weight", row->weight }, { "share", row->share },
		{ "actual", row->actual }, { "routed", (double)row->routed },
		{ "delivered", (double)row->delivered }, { "processed", (double)row->processed },
		{ "error_percent", row->error_percent }, { "error_messages", row->error_messages });
	add_judgement(object, "ok", is_judged, row->ok, okp);
}

static void add_verdict(cJSON *root, const struct verdict *v, bool *okp)
{
	cJSON *object = cJSON_AddObjectToObject(root, "verify"), *list;

	add_bool(object, "ok", verdict_ok(v), okp);
	add_shares(object, v, okp);
	add_bool(object, "delivered_ok", v->delivered_ok, okp);
	add_bool(object, "accounts_ok", v->accounts_ok, okp);
	add_bool(object, "roster_changed", v->roster_changed, okp);
	ADD_NUMBERS(object, okp, { "accepted", (double)v->accepted },
		    { "routed", (double)v->routed }, { "delivered", (double)v->delivered },
		    { "processed", (double)v->processed },
		    { "counted_packets", (double)v->counted_packets },
		    { "accounted_packets", (double)v->accounted_packets },
		    { "worst_error_percent", v->worst_percent },
		    { "tolerance_percent", v->tolerance_percent },
		    { "slack_messages", v->slack_messages });
	list = cJSON_AddArrayToObject(object, "analyzers");
	for (size_t i = 0; i < v->n_rows; i++)
		add_verdict_row(list, &v->rows[i], !v->roster_changed, okp);
}

static cJSON *report_new_json(const struct stats *s, const struct verdict *verdict, bool all_well)
{
	cJSON *root = cJSON_CreateObject(), *sent;
	bool ok = true;

	add_bool(root, "ok", all_well, &ok);
	add_bool(root, "interrupted", s->interrupted, &ok);
	ADD_NUMBERS(root, &ok, { "elapsed_s", stats_elapsed_s(s) });
	sent = add_tally(root, "sent", &s->sent, &ok);
	ADD_NUMBERS(sent, &ok, { "bytes", (double)s->n_sent_bytes });
	add_tally(root, "accepted", &s->accepted, &ok);
	add_refused(root, s, &ok);
	add_failed(root, s, &ok);
	ADD_NUMBERS(root, &ok, { "unsent", (double)s->n_unsent },
		    { "dropped", (double)s->n_dropped }, { "max_backlog", (double)s->max_backlog },
		    { "retried", (double)s->n_retries },
		    { "resent", (double)s->connections.n_resent },
		    { "connects", (double)s->connections.n_connects },
		    { "reconnects", (double)s->connections.n_reconnects });
	add_retried(root, s, &ok);
	add_rate(root, s, &ok);
	add_histogram(root, "latency_us", &s->latency_us, &ok);
	add_histogram(root, "service_us", &s->service_us, &ok);
	add_histogram(root, "lateness_us", &s->lateness_us, &ok);
	if (verdict)
		add_verdict(root, verdict, &ok);
	if (ok)
		return root;
	cJSON_Delete(root);
	return NULL;
}

int report_print_json(FILE *out, const struct stats *s, const struct verdict *verdict, bool ok)
{
	cJSON *root = report_new_json(s, verdict, ok);
	char *text = cJSON_PrintUnformatted(root);

	cJSON_Delete(root);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	cJSON_free(text);
	return 0;
}
