#ifndef WEIR_ANALYZER_CALL_MESSAGE_H
#define WEIR_ANALYZER_CALL_MESSAGE_H
/*
 * The one message of a call, out of the body of its request: without its prefix, and unpacked.
 */
#include "analyzer/refusal.h"
#include "common/codec/codec.h"
#include "common/front/front_request.h"

/* Zeroed: none. */
struct call_message {
	const char *data; /* borrowed from the request, or from the codec */
	size_t len;
	struct codec *codec; /* owned; NULL: it was not compressed */
};

enum refusal call_message_read(const struct front_request *rq, size_t max_bytes,
			       struct call_message *message) MUST_CHECK;
void call_message_deinit(struct call_message *message);

#endif
