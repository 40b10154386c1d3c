#ifndef WEIR_LOADGEN_REPORT_H
#define WEIR_LOADGEN_REPORT_H
/*
 * A finished run for people, and for machines.
 */
#include <stdio.h>

#include "loadgen/stats.h"
#include "loadgen/verdict.h"

#define REPORT_TIME_SIZE 24

/* "870us", "1.24ms", "2.50s" */
void report_format_us(uint64_t us, char out[REPORT_TIME_SIZE]);

/* `verdict` may be NULL: none was asked for. */
void report_print_text(FILE *out, const struct stats *stats, const struct verdict *verdict);

/*
 * One JSON object on one line; times in microseconds, rates per second:
 *   {"ok","interrupted","elapsed_s","sent":{"packets","messages","bytes"},"accepted":{"packets","messages"},
 *    "refused":{"packets","messages","by_status":{"503":n}},"failed":{"packets","messages","by_reason":{"timeout":n}},
 *    "unsent","dropped","max_backlog","retried","resent","connects","reconnects",
 *    "rate":{"packets_per_s","messages_per_s","bytes_per_s"},
 *    "latency_us":{"p50","p90","p99","p99_9","max","mean"},"service_us":{...},"lateness_us":{...},
 *    "verify":{"ok","shares_ok","shares_not_judged","delivered_ok","accounts_ok","roster_changed","accepted","routed","delivered","processed",
 *      "worst_error_percent","tolerance_percent","slack_messages",
 *      "analyzers":[{"id","weight","share","actual","routed","delivered","processed","error_percent","error_messages","ok"}]}}
 * If the pool changed during the run, shares_not_judged is the reason, and shares_ok and the ok of
 * each analyzer are null.
 */
int report_print_json(FILE *out, const struct stats *stats, const struct verdict *verdict,
		      bool ok) MUST_CHECK;

#endif
