#ifndef WEIR_ANALYZER_FAULT_H
#define WEIR_ANALYZER_FAULT_H
/*
 * Simulated faults. What the command line asks for holds until the registry names another fault in
 * the answer to a heartbeat, and again when it names none. Disabling (POST /disable) is on top.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define FAULT_DELAY_MAX_MS 60000
#define FAULT_E_SYNTAX 1 /* neither "down", "slow:MS" nor "error:P" */

struct fault {
	bool is_down;      /* answers 500 and fails its health check */
	bool is_disabled;  /* is down by its own operator's will: answers 503 */
	uint32_t delay_ms; /* before each answer to a delivery */
	double error_rate; /* share of the deliveries that are answered 500, 0..1 */
};

/* "down", "slow:250", "error:0.1" */
int fault_parse(struct fault *fault, const char *text) MUST_CHECK;

struct faults;

/* NULL: out of memory. */
struct faults *faults_new(const struct fault *own);
void faults_free(struct faults *f);

/* Any thread. */
struct fault faults_now(struct faults *f);
void faults_set_disabled(struct faults *f, bool disabled);
/* What the registry says, NULL: nothing. Text that is no fault is logged and counts as nothing. */
void faults_set_remote(struct faults *f, const char *text);
/* Sleeps for `ms`, or until faults_stop. */
void faults_delay(struct faults *f, uint32_t ms);
/* From now on nothing is delayed. */
void faults_stop(struct faults *f);

#endif
