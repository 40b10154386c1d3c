#ifndef WEIR_COMMON_OTLP_WRITE_H
#define WEIR_COMMON_OTLP_WRITE_H
/*
 * OTLP/JSON as protobuf, the reverse of format_otlp.c: names of otlp_schema.h, ids in hex, 64-bit numbers as
 * strings or numbers, enums as numbers, null for what is not there. Fields that the tables do not know are left
 * out, as OTLP wants it. Pure; the JSON is foreign.
 */
#include "common/format/protobuf_write.h"
#include "common/json/json_scan.h"

#define OTLP_WRITE_E_SYNTAX 1 /* no JSON, or a value of another type than its field has */
#define OTLP_WRITE_E_LARGE 2  /* it does not fit, or is nested too deep for what it holds */

/*
 * An ExportLogsServiceRequest. `out` needs no more than len bytes: names and digits of JSON are longer than tags
 * and numbers of protobuf.
 */
int otlp_write_proto(const char *json, size_t len, struct protobuf_out *out) MUST_CHECK;
/* The document begins as an envelope of OTLP does: an object whose first key is "resourceLogs". */
bool otlp_write_may_be(const char *json, size_t len);

#endif
