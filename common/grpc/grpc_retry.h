#ifndef WEIR_COMMON_GRPC_RETRY_H
#define WEIR_COMMON_GRPC_RETRY_H
/*
 * When a call may be made again: a google.rpc.RetryInfo in a google.rpc.Status, which is the value of
 * grpc-status-details-bin in base64. It is what Retry-After is to HTTP. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/grpc/grpc_code.h"

#define GRPC_DETAILS_MAX_BYTES 4096 /* of a Status that is read */

/* Appends the value, without padding. `text` has at most 512 bytes. */
void grpc_retry_write(struct buf *out, enum grpc_code code, const char *text, uint32_t seconds);
/* The seconds of the first RetryInfo, rounded up. False: there is none, or it cannot be read. */
bool grpc_retry_read(const char *value, uint32_t *secondsp);

#endif
