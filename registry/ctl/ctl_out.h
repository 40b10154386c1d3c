#ifndef WEIR_REGISTRY_CTL_OUT_H
#define WEIR_REGISTRY_CTL_OUT_H
/*
 * What weirctl writes to stdout passes through here. Ids, URLs and reasons come out of Redis, where
 * anybody may have written anything: what would steer the terminal is shown as \uXXXX instead. In
 * JSON that is the same text.
 */
#include <stddef.h>

#include "common/err.h"

/* From now on, of stdout. -ENOMEM. */
int ctl_out_start(void) MUST_CHECK;
/* Bytes that go out as they are: a packet's body into a pipe, weirctl's own escapes. */
void ctl_out_as_is(const char *bytes, size_t len);

#endif
