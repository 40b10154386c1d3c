#ifndef WEIR_COMMON_CRC32C_H
#define WEIR_COMMON_CRC32C_H
/* CRC-32C (Castagnoli, RFC 3720 B.4), which snappy's framing has. Pure. */
#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const char *data, size_t len);

#endif
