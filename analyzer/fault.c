#include "analyzer/fault.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"

#define REMOTE_MAX 64 /* longest fault text that is remembered */

struct faults {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t stop;  /* broadcast when `stopped` becomes true */
	struct fault own;
	struct fault remote;
	char remote_text[REMOTE_MAX]; /* "": the registry names no fault */
	bool disabled;
	bool stopped;
};

static int parse_nothing(struct fault *fault, const char *value)
{
	if (value)
		return FAULT_E_SYNTAX;
	fault->is_down = true;
	return 0;
}

/* A number in [0, max] and nothing behind it. */
static int parse_number(const char *value, double max, double *numberp)
{
	char *end;

	if (!value || !*value || strspn(value, "0123456789.") != strlen(value))
		return FAULT_E_SYNTAX;
	*numberp = strtod(value, &end);
	return *end == '\0' && *numberp <= max ? 0 : FAULT_E_SYNTAX;
}

static int parse_delay(struct fault *fault, const char *value)
{
	double ms;
	int r = parse_number(value, FAULT_DELAY_MAX_MS, &ms);

	if (r || ms != floor(ms))
		return FAULT_E_SYNTAX;
	fault->delay_ms = (uint32_t)ms;
	return 0;
}

static int parse_error_rate(struct fault *fault, const char *value)
{
	return parse_number(value, 1, &fault->error_rate);
}

static const struct fault_kind {
	const char *name;
	int (*parse)(struct fault *fault, const char *value); /* value NULL: none was given */
} fault_kinds[] = {
	{ "down", parse_nothing },
	{ "slow", parse_delay },
	{ "error", parse_error_rate },
};

int fault_parse(struct fault *fault, const char *text)
{
	const char *colon = strchrnul(text, ':');
	size_t name_len = (size_t)(colon - text);

	*fault = (struct fault){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		const struct fault_kind *kind = &fault_kinds[i];

		if (strlen(kind->name) == name_len && memcmp(kind->name, text, name_len) == 0)
			return kind->parse(fault, *colon ? colon + 1 : NULL);
	}
	return FAULT_E_SYNTAX;
}

struct faults *faults_new(const struct fault *own)
{
	struct faults *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->own = *own;
	pthread_mutex_init(&f->lock, NULL);
	cond_init(&f->stop);
	return f;
}

void faults_free(struct faults *f)
{
	if (!f)
		return;
	pthread_cond_destroy(&f->stop);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

struct fault faults_now(struct faults *f)
{
	struct fault now;

	pthread_mutex_lock(&f->lock);
	now = f->remote_text[0] ? f->remote : f->own;
	now.is_disabled = f->disabled;
	now.is_down |= f->disabled;
	pthread_mutex_unlock(&f->lock);
	return now;
}

void faults_set_disabled(struct faults *f, bool disabled)
{
	pthread_mutex_lock(&f->lock);
	f->disabled = disabled;
	pthread_mutex_unlock(&f->lock);
	log_info("fault", disabled ? "disabled" : "enabled");
}

void faults_set_remote(struct faults *f, const char *text)
{
	struct fault fault = { 0 };
	bool is_fault = text && strlen(text) < REMOTE_MAX && fault_parse(&fault, text) == 0;
	const char *name = is_fault ? text : "";
	bool is_change;

	if (text && !is_fault)
		log_warn("fault", "the registry names an unknown fault", "fault=%s", text);
	pthread_mutex_lock(&f->lock);
	is_change = strcmp(f->remote_text, name) != 0;
	if (is_change) {
		strcpy(f->remote_text, name);
		f->remote = fault;
	}
	pthread_mutex_unlock(&f->lock);
	if (is_change)
		log_info("fault", "the registry changed the fault", "fault=%s",
			 *name ? name : "none");
}

void faults_delay(struct faults *f, uint32_t ms)
{
	uint64_t due_us = clock_mono_us() + ms * US_PER_MS;
	struct timespec due = { .tv_sec = (time_t)(due_us / US_PER_S),
				.tv_nsec = (long)(due_us % US_PER_S) * 1000 };

	pthread_mutex_lock(&f->lock);
	while (!f->stopped && clock_mono_us() < due_us)
		pthread_cond_timedwait(&f->stop, &f->lock, &due);
	pthread_mutex_unlock(&f->lock);
}

void faults_stop(struct faults *f)
{
	pthread_mutex_lock(&f->lock);
	f->stopped = true;
	pthread_cond_broadcast(&f->stop);
	pthread_mutex_unlock(&f->lock);
}
