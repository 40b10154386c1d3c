#ifndef WEIR_COMMON_GRPC_TEXT_H
#define WEIR_COMMON_GRPC_TEXT_H
/*
 * The fields of a call of gRPC as text: its content type, its timeout, the sentence that it ends with.
 * Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/http/http.h"

#define GRPC_MEDIA_TYPE "application/grpc"
#define GRPC_TIMEOUT_BYTES 16

/* "application/grpc", also with a "+proto" or a parameter behind it. Not "application/grpc-web". */
bool grpc_is_type(struct http_slice content_type);
/* "20S", "500m": 1 to 8 digits and a unit. False: it is none. */
bool grpc_read_timeout(struct http_slice value, uint64_t *usp);
/* In milliseconds, as "5000m"; what needs more than 8 digits is in seconds. */
void grpc_write_timeout(char out[GRPC_TIMEOUT_BYTES], uint32_t ms);
/* Appends a grpc-message: bytes that are no visible ASCII, and the percent sign, become %XX. */
void grpc_write_message(struct buf *out, const char *text);
/* The reverse, at most `size` bytes: how many there are. What is no %XX stays as it is. */
size_t grpc_read_message(const char *text, char *out, size_t size);

#endif
