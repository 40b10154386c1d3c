#include "analyzer/sink/sink.h"

#include "analyzer/http_client.h"
#include "common/log.h"

struct sink {
	struct http_client *http; /* owned */
	const char *url;
	uint64_t timeout_ms;
};

struct sink *sink_new(const char *url, uint64_t timeout_ms)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->url = url;
	sink->timeout_ms = timeout_ms;
	sink->http = http_client_new("application/x-ndjson", NULL);
	if (!sink->http) {
		free(sink);
		return NULL;
	}
	return sink;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	http_client_free(sink->http);
	free(sink);
}

int sink_send(struct sink *sink, const char *lines, size_t len)
{
	long status;

	if (http_client_send(sink->http, "POST", sink->url, lines, len, sink->timeout_ms,
			     &status)) {
		log_warn("sink", "no answer", "reason=%s", http_client_error(sink->http));
		return SINK_E_FAILED;
	}
	if (status < 200 || status > 299) {
		log_warn("sink", "refused", "status=%ld", status);
		return SINK_E_FAILED;
	}
	return 0;
}
