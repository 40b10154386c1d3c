/* Causes that are about one analyzer: each has at most one line, but for a simulated failure. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/causes.h"

#define ERRS_LEAST 0.05 /* of the deliveries */
#define ERRS_MUCH 0.5   /* this part is trouble */
#define ERRS_FEW 1.0    /* failed deliveries: fewer say nothing */
#define SLOW_MS 1000    /* a p99 of so much is slow */
#define FLAPS_LEAST 3   /* changes of about the last minute */

/* The nodes that do not reach an analyzer. */
struct cut {
	char ids[CAUSE_IDS_SIZE]; /* separated by spaces */
	unsigned n, n_workers;
	bool is_all;  /* that report */
	bool is_hung; /* one of them hangs */
	bool is_shut; /* no worker that reports delivers anything to it */
};

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text ? text : "";
}

/* Whether the list "n1 n2" has the id. */
static bool has_id(const char *list, const char *id, size_t len)
{
	for (const char *at = list; (at = strstr(at, id)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static void cut_add(struct cut *cut, const char *worker)
{
	char id[ANALYZER_ID_MAX + 1];
	size_t len = strcspn(worker, "/"), used = strlen(cut->ids);

	if (len == 0 || len >= sizeof(id))
		return;
	memcpy(id, worker, len);
	id[len] = '\0';
	if (has_id(cut->ids, id, len))
		return;
	cut->n++;
	if (used + len + 2 < sizeof(cut->ids))
		snprintf(cut->ids + used, sizeof(cut->ids) - used, "%s%s", used ? " " : "", id);
}

static struct cut cut_of(const struct causes_figures *f, const struct lanes *lanes)
{
	struct cut cut = { 0 };
	const cJSON *breaker;

	cJSON_ArrayForEach (breaker, lanes->trouble) {
		const char *state = text_of(breaker, "state");

		if (strcmp(state, "open") != 0 && strcmp(state, "half_open") != 0 &&
		    strcmp(state, "hanging") != 0)
			continue;
		cut.is_hung |= strcmp(state, "hanging") == 0;
		cut.n_workers++;
		cut_add(&cut, text_of(breaker, "worker"));
	}
	cut.is_all = cut.n > 0 && cut.n >= f->reports->n_nodes;
	cut.is_shut = cut.is_all && cut.n_workers >= f->reports->n_workers;
	return cut;
}

static struct cause *add(struct causes *causes, enum cause_kind kind, enum cause_level level,
			 const struct analyzer *a, const struct lanes *lanes)
{
	struct cause *cause =
		causes_add(causes, kind, level, a->id, (uint64_t)lanes->check.since_ms);

	if (cause)
		snprintf(cause->error, sizeof(cause->error), "%s", lanes->check.error);
	return cause;
}

/* A sentence, and the last error behind it where one is known. */
static void say(struct cause *cause, const struct lanes *lanes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void say(struct cause *cause, const struct lanes *lanes, const char *fmt, ...)
{
	char text[CAUSE_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cause_say(cause, "%s%s%s", text, lanes->check.error[0] ? ": " : "", lanes->check.error);
}

/* An analyzer that answers with a bad status is in reach, unless all breakers are open. */
static bool is_status(const struct lanes *lanes)
{
	return strncmp(lanes->check.error, "HTTP ", 5) == 0;
}

static bool find_lost(struct causes *causes, const struct causes_figures *f,
		      const struct analyzer *a, const struct lanes *lanes, const struct cut *cut)
{
	uint64_t silent_ms = (uint64_t)(-a->lease_ms);
	struct cause *cause;

	if (a->lease_ms > 0 || a->health != HEALTH_DOWN) /* one that is forgiven is not down */
		return false;
	cause = add(causes, CAUSE_LOST, CAUSE_TROUBLE, a, lanes);
	if (cause && f->now_ms > silent_ms)
		cause->since_ms = f->roster->now_ms - silent_ms;
	if (cut->n && lanes->check.error[0])
		cause_say(cause, "%s is gone: its heartbeats ended, and deliveries fail: %s", a->id,
			  lanes->check.error);
	else
		cause_say(cause, "%s sends no heartbeats any more: its lease ran out", a->id);
	return true;
}

static void say_errors(struct cause *cause, const struct analyzer *a, const struct lanes *lanes,
		       double ratio)
{
	if (cause)
		cause->figure = 100 * ratio;
	say(cause, lanes, "%s fails %.0f %% of its deliveries", a->id, 100 * ratio);
}

/* What answers with a bad status can be reached, and no breaker lets anything through to it. */
static void say_unreachable(struct cause *cause, const struct causes_figures *f,
			    const struct analyzer *a, const struct lanes *lanes)
{
	bool is_answer = is_status(lanes), others = f->reports->n_nodes > 1;
	const char *all = is_answer ? " from any node" : " of all nodes";

	say(cause, lanes, "%s %s%s%s", a->id,
	    is_answer ? "fails, and gets nothing any more" : "is out of reach",
	    f->is_own ? is_answer ? " from " : " of "
	    : others  ? all
		      : "",
	    f->is_own ? f->node : "");
}

static bool find_cut(struct causes *causes, const struct causes_figures *f,
		     const struct analyzer *a, const struct lanes *lanes, const struct cut *cut)
{
	struct cause *cause;

	if (cut->n == 0 || (is_status(lanes) && !cut->is_shut))
		return false;
	if (!cut->is_all) {
		cause = add(causes, CAUSE_CUT_OFF, CAUSE_WARN, a, lanes);
		if (cause)
			snprintf(cause->nodes, sizeof(cause->nodes), "%s", cut->ids);
		say(cause, lanes, "%s is out of reach of %s, %u of %u nodes", a->id, cut->ids,
		    cut->n, f->reports->n_nodes);
	} else if (cut->is_hung) {
		cause_say(add(causes, CAUSE_HANGS, CAUSE_TROUBLE, a, lanes),
			  "%s hangs: it takes deliveries and does not answer", a->id);
	} else {
		cause = add(causes, CAUSE_UNREACHABLE, CAUSE_TROUBLE, a, lanes);
		if (cause && f->is_own)
			snprintf(cause->nodes, sizeof(cause->nodes), "%s", f->node);
		say_unreachable(cause, f, a, lanes);
	}
	return true;
}

static bool find_errors(struct causes *causes, const struct analyzer *a, const struct lanes *lanes,
			const struct cut *cut)
{
	double ratio = 0;
	bool is_known = lanes_error_ratio(lanes, &ratio);

	if (cut->n && is_status(lanes)) {
		say_errors(
			add(causes, CAUSE_ERRS, cut->is_all ? CAUSE_TROUBLE : CAUSE_WARN, a, lanes),
			a, lanes, is_known && ratio > 0 ? ratio : 1);
		return true;
	}
	if (!is_known || ratio < ERRS_LEAST || lanes->failed < ERRS_FEW)
		return false;
	say_errors(
		add(causes, CAUSE_ERRS, ratio >= ERRS_MUCH ? CAUSE_TROUBLE : CAUSE_WARN, a, lanes),
		a, lanes, ratio);
	return true;
}

/* Deliveries fail while it restarts. The restarts are the cause that is told. */
static bool find_held_back(struct causes *causes, const struct analyzer *a,
			   const struct lanes *lanes)
{
	if (a->held_back_ms <= 0)
		return false;
	cause_say(add(causes, CAUSE_FLAPS, CAUSE_WARN, a, lanes),
		  "%s restarts again and again, and is held back for %.0f s more", a->id,
		  ceil((double)a->held_back_ms / 1000));
	return true;
}

static bool find_flaps(struct causes *causes, const struct analyzer *a, const struct lanes *lanes)
{
	if (lanes->check.flaps < FLAPS_LEAST)
		return false;
	say(add(causes, CAUSE_FLAPS, CAUSE_WARN, a, lanes), lanes,
	    "%s fails and recovers again and again", a->id);
	return true;
}

static bool find_slow(struct causes *causes, const struct analyzer *a, const struct lanes *lanes)
{
	double p99_ms = 0;
	struct cause *cause;
	bool is_known = lanes_percentile(lanes, 99, &p99_ms);

	if (lanes->paused > 0) {
		cause_say(add(causes, CAUSE_PAUSES, CAUSE_WARN, a, lanes),
			  "%s asks nodes to wait: it answers 429 or 503", a->id);
		return true;
	}
	if (lanes->n_slow == 0 && (!is_known || p99_ms < SLOW_MS))
		return false;
	cause = add(causes, CAUSE_SLOW, CAUSE_WARN, a, lanes);
	if (cause && lanes->n_slow == 0) /* what latency-limit does has entries of its own */
		cause->figure = p99_ms;
	cause_say(cause,
		  lanes->n_slow > 0 ? "%s is slower than latency-limit and gets less than its "
				      "share: one delivery in a hundred takes %.0f ms or longer"
				    : "%s is slow: one delivery in a hundred takes %.0f ms or "
				      "longer",
		  a->id, p99_ms);
	return true;
}

static void find_one(struct causes *causes, const struct causes_figures *f,
		     const struct analyzer *a, const struct lanes *lanes)
{
	struct cut cut = cut_of(f, lanes);

	if (a->fault[0])
		cause_say(causes_add(causes, CAUSE_FAULT, CAUSE_NOTE, a->id, 0),
			  "%s simulates a failure: %s", a->id, a->fault);
	if (a->state != ANALYZER_ACTIVE) {
		cause_say(causes_add(causes, CAUSE_OUT_OF_SERVICE, CAUSE_NOTE, a->id, 0),
			  "%s is %s", a->id, analyzer_state_names[a->state]);
		return;
	}
	if (find_lost(causes, f, a, lanes, &cut) || find_held_back(causes, a, lanes) ||
	    find_cut(causes, f, a, lanes, &cut) || find_errors(causes, a, lanes, &cut) ||
	    find_flaps(causes, a, lanes))
		return;
	find_slow(causes, a, lanes);
}

static bool is_eligible(const struct causes_figures *f, unsigned i)
{
	const struct analyzer *a = &f->roster->analyzers[i];

	return a->state == ANALYZER_ACTIVE && a->health != HEALTH_DOWN && a->held_back_ms == 0 &&
	       !cut_of(f, &f->reports->lanes[i]).is_shut;
}

/* A spill on a server of its own needs no registry. */
static bool can_spill(const struct causes_figures *f)
{
	return f->spill_max_bytes != 0 &&
	       (redis_state_takes_writes(f->redis) || f->roster->spill.server[0]);
}

static void find_none(struct causes *causes, const struct causes_figures *f)
{
	const struct roster *r = f->roster;

	for (unsigned i = 0; i < r->n_analyzers; i++)
		if (is_eligible(f, i))
			return;
	cause_say(causes_add(causes, CAUSE_NO_ANALYZER, CAUSE_TROUBLE, "", 0),
		  r->n_analyzers == 0 ? "No analyzer is registered: packets %s"
				      : "No analyzer can take anything: packets %s",
		  can_spill(f) ? "go into the spill" : "are refused with 503");
}

/* Shares are off because of what is listed already, if anything is. */
static void find_off(struct causes *causes, const struct causes_figures *f)
{
	for (unsigned i = 0; i < causes->n; i++)
		if (causes->list[i].level >= CAUSE_WARN)
			return;
	if (!f->off || f->redis != REDIS_UP)
		return;
	for (unsigned i = 0; i < f->roster->n_analyzers; i++)
		if (f->off[i] != 0)
			cause_say(causes_add(causes, CAUSE_SHARE_OFF, CAUSE_WARN,
					     f->roster->analyzers[i].id, 0),
				  "%s got %.0f messages too %s in the last minute",
				  f->roster->analyzers[i].id, fabs(f->off[i]),
				  f->off[i] < 0 ? "few" : "many");
}

void causes_find_analyzers(struct causes *causes, const struct causes_figures *f)
{
	find_none(causes, f);
	for (unsigned i = 0; i < f->roster->n_analyzers; i++)
		find_one(causes, f, &f->roster->analyzers[i], &f->reports->lanes[i]);
	find_off(causes, f);
}
