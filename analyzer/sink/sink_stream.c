/*
 * GELF over TCP, bare or in TLS, by libcurl's connections. Nobody answers; so items count as sent when the
 * receiver's kernel has acknowledged all bytes, and the connection still stands then.
 */
#include <curl/curl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "analyzer/sink/sink_kind.h"
#include "common/clock.h"
#include "common/log.h"

#define ACK_STEP_US 500 /* between two looks at what is not acknowledged yet */

struct stream_carrier {
	const struct sink_options *options;
	struct sink_counters *counters;
	CURL *easy; /* owned; NULL: not connected */
	curl_socket_t fd;
	char error[CURL_ERROR_SIZE];
};

static void *open_stream(const struct sink_options *options, struct sink_counters *counters)
{
	struct stream_carrier *carrier = calloc(1, sizeof(*carrier));

	if (carrier) {
		carrier->options = options;
		carrier->counters = counters;
	}
	return carrier;
}

static void disconnect(struct stream_carrier *carrier)
{
	curl_easy_cleanup(carrier->easy);
	carrier->easy = NULL;
}

static void close_stream(void *arg)
{
	disconnect(arg);
	free(arg);
}

static int left_ms(uint64_t until_us)
{
	uint64_t now_us = clock_mono_us();

	return until_us > now_us ? (int)((until_us - now_us) / US_PER_MS) + 1 : 0;
}

static void set_options(struct stream_carrier *carrier, int timeout_ms)
{
	const struct sink_options *options = carrier->options;

	curl_easy_setopt(carrier->easy, CURLOPT_URL, options->target.url);
	curl_easy_setopt(carrier->easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(carrier->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(carrier->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(carrier->easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(carrier->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(carrier->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(carrier->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(carrier->easy, CURLOPT_ERRORBUFFER, carrier->error);
	if (options->ca)
		curl_easy_setopt(carrier->easy, CURLOPT_CAINFO, options->ca);
}

static CURLcode connect_stream(struct stream_carrier *carrier, uint64_t until_us)
{
	int timeout_ms = left_ms(until_us);
	CURLcode code;

	if (carrier->easy)
		return CURLE_OK;
	carrier->error[0] = '\0';
	carrier->easy = timeout_ms ? curl_easy_init() : NULL;
	if (!carrier->easy)
		return CURLE_OPERATION_TIMEDOUT;
	set_options(carrier, timeout_ms);
	code = curl_easy_perform(carrier->easy);
	return code ? code : curl_easy_getinfo(carrier->easy, CURLINFO_ACTIVESOCKET, &carrier->fd);
}

/* What a receiver says is of no interest, but it may have closed. */
static bool stands(struct stream_carrier *carrier)
{
	char bytes[256];
	size_t n;
	CURLcode code;

	do
		code = curl_easy_recv(carrier->easy, bytes, sizeof(bytes), &n);
	while (code == CURLE_OK && n > 0);
	return code == CURLE_AGAIN;
}

static bool is_alive(void *arg)
{
	struct stream_carrier *carrier = arg;

	if (carrier->easy && !stands(carrier))
		disconnect(carrier);
	return carrier->easy != NULL;
}

static CURLcode write_bytes(struct stream_carrier *carrier, const char *data, size_t len,
			    uint64_t until_us)
{
	CURLcode code = CURLE_OK;
	size_t n;

	while (len > 0 && code == CURLE_OK) {
		struct pollfd fd = { .fd = carrier->fd, .events = POLLOUT };

		code = curl_easy_send(carrier->easy, data, len, &n);
		if (code == CURLE_OK) {
			data += n;
			len -= n;
		} else if (code == CURLE_AGAIN) {
			code = poll(&fd, 1, left_ms(until_us)) == 1 ? CURLE_OK
								    : CURLE_OPERATION_TIMEDOUT;
		}
	}
	return code;
}

/* Pending items that stand beside each other go out in one piece. */
static CURLcode write_items(struct stream_carrier *carrier, const struct items *items,
			    uint64_t until_us)
{
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < items->n && code == CURLE_OK;) {
		size_t start = items->list[i].start, end = start;

		for (; i < items->n && items->list[i].state == ITEM_PENDING; i++)
			end = items->list[i].start + items->list[i].len;
		if (end > start)
			code = write_bytes(carrier, items->bytes.data + start, end - start,
					   until_us);
		else
			i++;
	}
	return code;
}

/* Until the other side's kernel has all bytes. */
static CURLcode await_ack(struct stream_carrier *carrier, uint64_t until_us)
{
	struct timespec step = { .tv_nsec = ACK_STEP_US * 1000 };
	int n_bytes = 0;

	while (ioctl(carrier->fd, SIOCOUTQ, &n_bytes) == 0 && n_bytes > 0) {
		if (clock_mono_us() >= until_us)
			return CURLE_OPERATION_TIMEDOUT;
		if (!stands(carrier))
			break;
		nanosleep(&step, NULL);
	}
	return stands(carrier) ? CURLE_OK : CURLE_SEND_ERROR;
}

static int fail(struct stream_carrier *carrier, CURLcode code, bool is_slow)
{
	log_warn("sink", "the connection failed", "host=%s reason=%s",
		 carrier->options->target.host,
		 carrier->error[0] ? carrier->error : curl_easy_strerror(code));
	atomic_fetch_add(&carrier->counters->failures, 1);
	disconnect(carrier);
	return is_slow ? CARRIER_E_SLOW : SINK_E_AWAY;
}

/* Behind an outbox, what went out by a connection that has ended is to go out again before this. */
static int send_stream(void *arg, struct items *items, uint64_t until_us)
{
	struct stream_carrier *carrier = arg;
	bool had_connection = carrier->easy != NULL;
	CURLcode code;

	if (!is_alive(carrier) && had_connection && carrier->options->outbox)
		return fail(carrier, CURLE_SEND_ERROR, false);
	code = connect_stream(carrier, until_us);
	if (code)
		return fail(carrier, code, false);
	code = write_items(carrier, items, until_us);
	if (!code)
		code = await_ack(carrier, until_us);
	if (code)
		return fail(carrier, code, code == CURLE_OPERATION_TIMEDOUT);
	for (size_t i = 0; i < items->n; i++)
		if (items->list[i].state == ITEM_PENDING)
			items->list[i].state = ITEM_TAKEN;
	return 0;
}

const struct carrier_ops carrier_stream = { open_stream, close_stream, send_stream, is_alive };
