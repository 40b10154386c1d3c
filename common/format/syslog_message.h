#ifndef WEIR_COMMON_SYSLOG_MESSAGE_H
#define WEIR_COMMON_SYSLOG_MESSAGE_H
/*
 * The parts of one syslog message, of RFC 5424 or RFC 3164. Nothing is refused: what does not look
 * like a part is text. Pure.
 */
#include <stdbool.h>

#include "common/format/format_body.h"

struct syslog_message {
	int priority; /* -1: there is none */
	int version;  /* 0: as RFC 3164 has it */
	struct format_slice timestamp, hostname, app_name, procid,
		msgid;            /* borrowed; len 0: none */
	struct format_slice data; /* "[id name="value"]...", whole and well-formed */
	struct format_slice text; /* without its byte order mark */
};

void syslog_message_parse(const char *data, size_t len, struct syslog_message *m);

/* Of a priority: "local0", "notice". */
const char *syslog_facility_name(int priority);
const char *syslog_severity_name(int priority);

/* ---- structured data ---- */

/* The cursor stands at '[', or behind an element. False: there is no further one. */
bool syslog_data_next(struct format_slice *rest, struct format_slice *idp,
		      struct format_slice *paramsp);
/* False: there is no further one. The value still has its escapes. */
bool syslog_param_next(struct format_slice *rest, struct format_slice *namep,
		       struct format_slice *valuep);

#endif
