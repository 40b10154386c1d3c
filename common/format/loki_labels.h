#ifndef WEIR_COMMON_LOKI_LABELS_H
#define WEIR_COMMON_LOKI_LABELS_H
/* The labels of a stream as Loki's agents write them: {app="shop", level="in\"fo"}. */
#include "common/format/format_body.h"

/* As a JSON object. What is not written so becomes {"labels":"the text"}. */
void loki_labels_put(struct format_sink *sink, const char *text, size_t len);

#endif
