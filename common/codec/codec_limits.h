#ifndef WEIR_COMMON_CODEC_LIMITS_H
#define WEIR_COMMON_CODEC_LIMITS_H
/* Why a body is not unpacked, and whose memory it is unpacked into. */
#include <stdbool.h>
#include <stddef.h>

#define CODEC_E_BAD 1       /* the bytes are broken, cut off, or packed in too many layers */
#define CODEC_E_TOO_LARGE 2 /* unpacked it is larger than max_bytes */
#define CODEC_E_RATIO 3     /* it grows too much: a bomb */

/* Who is asked for memory. Either both functions are there, or none. */
struct codec_memory {
	bool (*take)(void *arg, size_t n_bytes); /* false: there is none left */
	void (*give)(void *arg, size_t n_bytes);
	void *arg;
};

#endif
