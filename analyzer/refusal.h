#ifndef WEIR_ANALYZER_REFUSAL_H
#define WEIR_ANALYZER_REFUSAL_H
/*
 * Why a request is not served. Each reason has a status, a short name for log and counter, and a
 * sentence for the problem+json body. 4xx: these bytes can never be accepted; 503: try again.
 */

enum refusal {
	REFUSED_NOT, /* it is served */
	REFUSED_SYNTAX,
	REFUSED_SCALAR,
	REFUSED_EMPTY,
	REFUSED_NO_BATCH,
	REFUSED_BATCH_SIZE,
	REFUSED_TOO_LARGE,
	REFUSED_FRAME,
	REFUSED_ENCODING,
	REFUSED_CODING,
	REFUSED_NO_SERVICE,
	REFUSED_TOKEN,
	REFUSED_DELIVERY_TOKEN,
	REFUSED_ORIGIN,
	REFUSED_HOST,
	REFUSED_REMOTE,
	REFUSED_NOT_FOUND,
	REFUSED_METHOD,
	REFUSED_DISABLED,
	REFUSED_DOWN,
	REFUSED_FAULT,
	REFUSED_RECORD,
	REFUSED_SINK,
	REFUSED_BY_SINK,
	REFUSED_SINK_SIZE,
	REFUSED_OUTBOX,
	REFUSED_MEMORY,
	REFUSALS
};

struct refusal_info {
	int status;
	unsigned retry_after_s; /* 0: the answer has no Retry-After */
	const char *name;
	const char *detail;
};

extern const struct refusal_info refusals[REFUSALS];
/* The names, as label values of a metric. */
extern const char *const refusal_names[REFUSALS];

#endif
