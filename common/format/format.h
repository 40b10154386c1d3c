#ifndef WEIR_COMMON_FORMAT_H
#define WEIR_COMMON_FORMAT_H
/*
 * The one table of formats in which agents send messages. A body is the unpacked bytes of one
 * request. A format counts its messages and writes them as JSON, in one pass; a body that is JSON
 * already stays as it came. Pure: no I/O, and no memory but what the sink grows.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/format/format_body.h"

enum format_id {
	FORMAT_JSON,       /* one document: an object, an array, an envelope of messages */
	FORMAT_JSON_LINES, /* objects and arrays, with white space between them or nothing */
	FORMAT_TEXT,       /* lines */
	FORMAT_FORM,       /* application/x-www-form-urlencoded: one message */
	FORMAT_MSGPACK,    /* Fluent Bit's and Fluentd's events, and plain values */
	FORMAT_OTLP_JSON,
	FORMAT_OTLP_PROTO,
	FORMAT_LOKI_JSON,
	FORMAT_LOKI_PROTO,
	FORMAT_HEC,     /* Splunk's events */
	FORMAT_HEC_RAW, /* Splunk's lines */
	FORMAT_BULK,    /* Elasticsearch's _bulk */
	FORMAT_GELF,
	FORMAT_JOURNAL,   /* systemd's export format */
	FORMAT_KAFKAREST, /* records of a Kafka REST proxy */
	FORMAT_SYSLOG,    /* frames of RFC 6587 */
	FORMAT_FORWARD,   /* the forward protocol of Fluentd and Fluent Bit, unpacked */
	FORMAT_OTLP_GRPC, /* OTLP protobuf in a call of gRPC; its packet is one of FORMAT_OTLP_PROTO */
	FORMATS,
	FORMATS_OF_HTTP =
		FORMAT_SYSLOG, /* those before it come in requests, the rest over sockets or in calls */
	FORMATS_OF_PACKETS = FORMAT_OTLP_GRPC /* those before it are in packets */
};

/* How the agents of a format want to be answered. */
enum format_answer {
	FORMAT_ANSWER_WEIR, /* 202 with JSON; refusals as problem+json */
	FORMAT_ANSWER_OTLP_JSON,
	FORMAT_ANSWER_OTLP_PROTO,
	FORMAT_ANSWER_LOKI,
	FORMAT_ANSWER_HEC,
	FORMAT_ANSWER_BULK,
	FORMAT_ANSWER_GELF,
	FORMAT_ANSWER_JOURNAL,
	FORMAT_ANSWER_KAFKAREST,
	FORMAT_ANSWERS
};

struct format {
	const char *media_type; /* what its agents should call it */
	bool is_json;           /* its JSON form is the body as it came */
	bool may_be_empty;      /* no messages at all are a success */
	enum format_answer answer;
	int (*read)(const struct format_body *body, struct format_sink *sink);
};

extern const char *const format_names[FORMATS]; /* "otlp-proto" */
const struct format *format_get(enum format_id id);
/* FORMATS: no format is called so. */
enum format_id format_find(const char *name);

/*
 * Counts the messages, and writes the JSON form if the sink has a buffer: nothing for is_json. 0,
 * FORMAT_E_*, -ENOMEM. After a failure n_messages is how many were read before the fault.
 */
int format_read(enum format_id id, const struct format_body *body,
		struct format_sink *sink) MUST_CHECK;

/* Its JSON form is not longer. For most bodies that is far from exact, and known without reading. */
size_t format_json_bound(enum format_id id, const struct format_body *body);

#endif
