#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/tolerance.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_look.h"
#include "registry/ctl/ctl_verdict.h"

#define LOOK_AGAIN_MS 200
#define NODE_LATE_MS 3000
#define UNDER_WAY_MAX_S 1
#define CREDIT_EPSILON 1e-3 /* messages */

/* What is verified of one analyzer: figures since the beginning, or between two looks. */
struct line {
	const char *id; /* borrowed from the roster */
	double share, routed, delivered, processed;
};

struct sample {
	struct roster *roster;    /* the later one */
	struct line *lines;       /* roster->n_analyzers */
	double routed, delivered; /* all, those that are gone too */
	double packets;           /* delivered, by the counters of analyzers */
	double packets_since;     /* the same, of the time that is looked at */
};

static void sample_deinit(struct sample *s)
{
	roster_unref(s->roster);
	free(s->lines);
}

static enum ctl_exit take_sample(struct ctl *ctl, struct sample *s)
{
	struct ctl_look look CLEANUP(ctl_look_deinit) = { 0 };
	enum ctl_exit code = ctl_look_or_tell(ctl, &look);

	if (code != CTL_OK)
		return code;
	if (look.is_own)
		return ctl_fail("Redis is away or refuses, and node %s does not know what "
				"the others did: try again when it is back",
				ctl_json_text(look.overview, "node"));
	s->roster = roster_ref(look.roster);
	s->lines = calloc(s->roster->n_analyzers + 1, sizeof(*s->lines));
	if (!s->lines)
		return ctl_fail("out of memory");
	s->routed = s->roster->gone_routed;
	s->delivered = s->roster->gone_delivered;
	s->packets = s->roster->gone_delivered_packets;
	for (unsigned i = 0; i < s->roster->n_analyzers; i++) {
		const struct analyzer *a = &s->roster->analyzers[i];

		s->lines[i] =
			(struct line){ a->id, a->share, a->routed, a->delivered, a->processed };
		s->routed += a->routed;
		s->delivered += a->delivered;
		s->packets += a->delivered_packets;
	}
	s->packets_since = s->packets;
	return CTL_OK;
}

/* What came since `before`. */
static void subtract(struct sample *s, const struct sample *before)
{
	for (unsigned i = 0; i < s->roster->n_analyzers; i++) {
		const struct analyzer *was = roster_find(before->roster, s->lines[i].id);

		if (!was)
			continue;
		s->lines[i].routed -= was->routed;
		s->lines[i].delivered -= was->delivered;
		s->lines[i].processed -= was->processed;
	}
	s->routed -= before->routed;
	s->delivered -= before->delivered;
	s->packets_since = s->packets - before->packets;
}

/* Redis was emptied or rolled back: the accounts are right again since, other figures are not. */
static bool figures_are_lost(const struct roster *r)
{
	double delivered = r->gone_delivered;

	for (unsigned i = 0; i < r->n_analyzers; i++)
		delivered += r->analyzers[i].delivered;
	return r->accounts.of[ACCOUNT_DELIVERED].messages > delivered;
}

/* What was delivered, by the accounts of nodes, and by the counters of analyzers. Only what Redis lost may differ. */
static void check_packets(struct verdict *v, const struct sample *s)
{
	double accounted = s->roster->accounts.of[ACCOUNT_DELIVERED].packets;
	bool is_same = accounted == s->packets, has_lost = s->roster->accounts.has_lost;
	cJSON *check = verdict_add(
		v, "packets", is_same || has_lost,
		"accounts have %.0f delivered packets, counters of analyzers %.0f, difference %.0f%s",
		accounted, s->packets, accounted - s->packets,
		is_same    ? ""
		: has_lost ? ": Redis has lost figures"
			   : ": counted twice, or not at all");

	cJSON_AddNumberToObject(check, "accounted", accounted);
	cJSON_AddNumberToObject(check, "delivered", s->packets);
}

/* Always, under load too, and for dead nodes as they last told. */
static void check_accounts(struct verdict *v, const struct accounts *accounts)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };
	struct amount missing = accounts_missing(accounts);
	bool is_ok = missing.packets == 0 && missing.messages == 0;
	cJSON *check, *figures;

	accounts_write(accounts, &text);
	check = verdict_add(v, "accounts", is_ok, "%s; difference %.0f of %.0f", buf_str(&text),
			    missing.packets, missing.messages);
	cJSON_AddItemToObject(check, "accounts", accounts_json(accounts));
	figures = cJSON_AddObjectToObject(check, "difference");
	cJSON_AddNumberToObject(figures, "packets", missing.packets);
	cJSON_AddNumberToObject(figures, "messages", missing.messages);
}

static void add_delivery(struct verdict *v, const struct sample *s, bool is_ok, const char *detail)
{
	cJSON *check = verdict_add(v, "delivered", is_ok, "%s", detail);

	cJSON_AddNumberToObject(check, "routed", s->routed);
	cJSON_AddNumberToObject(check, "delivered", s->delivered);
}

/* Why routed and delivered may differ although nothing is under way; NULL: they may not. */
static const char *find_excuse(const struct roster *r, double missing)
{
	const struct accounts *a = &r->accounts;

	if (a->of[ACCOUNT_IN_FLIGHT].packets > 0)
		return NULL;
	if (figures_are_lost(r))
		return ": Redis has lost figures; by the accounts nothing is under way";
	if (missing > 0 && a->of[ACCOUNT_ENDED_IN_FLIGHT].packets > 0)
		return ": under way in nodes that were killed; their agents send it again";
	return NULL;
}

/* At rest, all that was ever routed was delivered. Where figures are lost, what was routed before
 * and delivered after that tells nothing; the accounts do. */
static void check_delivered(struct verdict *v, const struct sample *s)
{
	double missing = s->routed - s->delivered;
	const char *excuse = find_excuse(s->roster, missing);
	char detail[200];

	snprintf(detail, sizeof(detail), "routed %.0f messages, delivered %.0f, difference %.0f%s",
		 s->routed, s->delivered, missing,
		 missing == 0 ? ""
		 : excuse     ? excuse
			      : ": under way, or lost (under load use --for)");
	add_delivery(v, s, missing == 0 || excuse, detail);
}

/* Under load, what is under way is no more than is routed in a moment: what is lost stays in it for
 * ever. */
static void check_under_way(struct verdict *v, uint64_t ms, const struct sample *now,
			    const struct sample *since)
{
	double under_way = now->routed - now->delivered;
	double a_second = ms ? since->routed * 1000 / (double)ms : 0;
	char detail[200];

	snprintf(detail, sizeof(detail),
		 "routed %.0f messages, delivered %.0f; %.0f under way in all, %.2f s of what "
		 "comes (up to %d s)",
		 since->routed, since->delivered, under_way,
		 a_second > 0 ? under_way / a_second : 0, UNDER_WAY_MAX_S);
	add_delivery(v, since,
		     (under_way >= 0 || figures_are_lost(since->roster)) &&
			     under_way <= UNDER_WAY_MAX_S * a_second,
		     detail);
}

/* An analyzer that never says what it processed is left out. Heartbeats lag, so not between two
 * looks. What analyzers processed before Redis lost figures is in what they say after it. */
static void check_processed(struct verdict *v, const struct sample *s)
{
	bool is_excused = figures_are_lost(s->roster);
	double delivered = 0, processed = 0;
	unsigned n_silent = 0;
	cJSON *check;

	for (unsigned i = 0; i < s->roster->n_analyzers; i++) {
		const struct line *line = &s->lines[i];

		if (line->processed == 0) {
			n_silent += line->delivered > 0;
			continue;
		}
		delivered += line->delivered;
		processed += line->processed;
	}
	check = verdict_add(
		v, "processed", processed == delivered || (processed > delivered && is_excused),
		"delivered %.0f messages, processed %.0f, difference %.0f; %u analyzers do not say%s",
		delivered, processed, delivered - processed, n_silent,
		processed > delivered && is_excused ? "; Redis has lost figures" : "");
	cJSON_AddNumberToObject(check, "delivered", delivered);
	cJSON_AddNumberToObject(check, "processed", processed);
	cJSON_AddNumberToObject(check, "silent", n_silent);
}

/* By the rule that weir-loadgen --verify has, too; how large the largest packet was is not known. */
static const struct line *find_worst(const struct sample *s, double percent,
				     struct deviation *worstp)
{
	const struct tolerance t = { percent,
				     s->packets_since > 0 ? s->delivered / s->packets_since : 0 };
	const struct line *worst = NULL;
	double total = 0;

	for (unsigned i = 0; i < s->roster->n_analyzers; i++)
		total += s->lines[i].routed;
	for (unsigned i = 0; i < s->roster->n_analyzers && total > 0; i++) {
		const struct line *line = &s->lines[i];
		struct deviation d = tolerance_judge(&t, line->share, line->routed, total);

		if (!worst || fabs(d.percent) > fabs(worstp->percent)) {
			worst = line;
			*worstp = d;
		}
	}
	return worst;
}

static void check_shares(struct verdict *v, const struct ctl *ctl, const struct sample *s)
{
	struct deviation d = { 0 };
	double tolerance = ctl->options.tolerance, error;
	const struct line *worst = find_worst(s, tolerance, &d);
	bool is_ok = worst && d.is_within;
	cJSON *check;

	if (!worst) {
		verdict_add(v, "shares", false, "nothing was routed%s: there is nothing to verify",
			    ctl->options.for_ms ? " in this time" : "");
		return;
	}
	error = d.percent;
	check = verdict_add(
		v, "shares", is_ok,
		"%s is furthest off: target %.3f %%, actual %.3f %%, error %+.3f %% = %+.0f "
		"messages (tolerance %g %%, or %d packets)%s",
		worst->id, 100 * worst->share, 100 * worst->share + error, error, d.messages,
		tolerance, TOLERANCE_PACKETS,
		is_ok || ctl->options.for_ms ? "" : "; if weights were changed use --for");
	cJSON_AddStringToObject(check, "analyzer", worst->id);
	cJSON_AddNumberToObject(check, "error_percent", error);
	cJSON_AddNumberToObject(check, "tolerance_percent", tolerance);
}

static void check_credit(struct verdict *v, const struct sample *s)
{
	double sum = 0;

	for (unsigned i = 0; i < s->roster->n_analyzers; i++)
		sum += s->lines[i].share > 0 ? s->roster->analyzers[i].credit : 0;
	verdict_add(v, "credit", fabs(sum) < CREDIT_EPSILON,
		    "what analyzers are owed sums to %.3f messages", sum);
}

/* The targets must have been the same all the time. */
static void check_unchanged(struct verdict *v, const struct sample *before,
			    const struct sample *after)
{
	bool same = before->roster->n_analyzers == after->roster->n_analyzers;

	for (unsigned i = 0; same && i < after->roster->n_analyzers; i++)
		same = strcmp(before->lines[i].id, after->lines[i].id) == 0 &&
		       fabs(before->lines[i].share - after->lines[i].share) < 1e-9;
	if (!same)
		verdict_add(
			v, "steady", false,
			"analyzers or shares changed during the time (epoch %llu to %llu): try again",
			(unsigned long long)before->roster->epoch,
			(unsigned long long)after->roster->epoch);
}

static uint64_t ms_between(const struct sample *before, const struct sample *after)
{
	uint64_t from_ms, to_ms;

	assert(before->roster && after->roster);
	from_ms = before->roster->now_ms;
	to_ms = after->roster->now_ms;
	return to_ms > from_ms ? to_ms - from_ms : 0;
}

/* What a node tells may be a second old, so it is asked until the time has passed there too. */
static enum ctl_exit take_later_sample(struct ctl *ctl, const struct sample *before,
				       struct sample *after)
{
	uint64_t end_us = clock_mono_us() + NODE_LATE_MS * US_PER_MS;
	enum ctl_exit code = take_sample(ctl, after);

	while (code == CTL_OK && ms_between(before, after) < ctl->options.for_ms &&
	       clock_mono_us() < end_us && ctl_wait(LOOK_AGAIN_MS)) {
		sample_deinit(after);
		*after = (struct sample){ 0 };
		code = take_sample(ctl, after);
	}
	return code;
}

static enum ctl_exit verify_between(struct ctl *ctl, struct verdict *v)
{
	struct sample before CLEANUP(sample_deinit) = { 0 }, after CLEANUP(sample_deinit) = { 0 },
			     totals;
	enum ctl_exit code = take_sample(ctl, &before);

	if (code != CTL_OK)
		return code;
	assert(before.roster);
	ctl_wait(ctl->options.for_ms);
	code = take_later_sample(ctl, &before, &after);
	if (code != CTL_OK)
		return code;
	assert(after.roster);
	verdict_start(v);
	check_unchanged(v, &before, &after);
	totals = (struct sample){ .routed = after.routed, .delivered = after.delivered };
	subtract(&after, &before);
	check_under_way(v, ms_between(&before, &after), &totals, &after);
	check_accounts(v, &after.roster->accounts);
	check_packets(v, &after);
	check_shares(v, ctl, &after);
	check_credit(v, &after);
	return CTL_OK;
}

static enum ctl_exit verify_all(struct ctl *ctl, struct verdict *v)
{
	struct sample sample CLEANUP(sample_deinit) = { 0 };
	enum ctl_exit code = take_sample(ctl, &sample);

	if (code != CTL_OK)
		return code;
	assert(sample.roster);
	verdict_start(v);
	check_delivered(v, &sample);
	check_processed(v, &sample);
	check_accounts(v, &sample.roster->accounts);
	check_packets(v, &sample);
	check_shares(v, ctl, &sample);
	check_credit(v, &sample);
	return CTL_OK;
}

enum ctl_exit ctl_verify(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	uint64_t end = clock_mono_us() + ctl->options.wait_ms * US_PER_MS;
	struct verdict verdict = { 0 };
	enum ctl_exit code;

	(void)command;
	(void)arguments;
	ctl_catch_signals();
	do
		code = ctl->options.for_ms ? verify_between(ctl, &verdict)
					   : verify_all(ctl, &verdict);
	while (code == CTL_OK && !verdict.is_ok && !ctl->options.for_ms && clock_mono_us() < end &&
	       ctl_wait(LOOK_AGAIN_MS));
	if (code != CTL_OK) {
		cJSON_Delete(verdict.checks);
		return code;
	}
	return verdict_print(&verdict, ctl->options.json);
}
