#ifndef WEIR_NODE_CURL_ANSWER_H
#define WEIR_NODE_CURL_ANSWER_H
/* What the end of a transfer by libcurl means: its answer, that of a call, or why there is none. */
#include "node/send/curl_call.h"

/* Ends the transfer, of which this is not the call any more; on_done runs. */
void curl_answer_end(struct curl_call *c, CURLcode code);

#endif
