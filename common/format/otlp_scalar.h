#ifndef WEIR_COMMON_OTLP_SCALAR_H
#define WEIR_COMMON_OTLP_SCALAR_H
/* The JSON of fields of OTLP: their names, and the values that are no messages. */
#include "common/format/format_sink.h"
#include "common/format/otlp_schema.h"

/* "name": with a comma before it, if it is not the first one. */
void otlp_put_member(struct format_sink *sink, const struct otlp_row *row, bool is_first);
void otlp_put_scalar(struct format_sink *sink, const struct otlp_row *row,
		     const struct protobuf_field *field);

#endif
