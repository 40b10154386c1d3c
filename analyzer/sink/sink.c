#include "analyzer/sink/sink.h"

#include <openssl/evp.h>
#include <string.h>

#include "analyzer/message/message_walk.h"
#include "analyzer/sink/outbox_sender.h"
#include "analyzer/sink/sink_file.h"
#include "analyzer/sink/sink_kind.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"

#define FLUSH_BYTES (512u << 10) /* then what is written so far goes out */
#define RETRY_BASE_MS 50
#define RETRY_CAP_MS 1000
#define MAX_TRIES 8
#define KEY_BYTES 16

static const struct sink_kind kinds[] = {
	[TARGET_GELF_UDP] = { gelf_write_datagram, &carrier_datagram },
	[TARGET_GELF_TCP] = { gelf_write_stream, &carrier_stream },
	[TARGET_GELF_HTTP] = { gelf_write, &carrier_http },
	[TARGET_BULK] = { bulk_write, &carrier_http },
	[TARGET_LOKI] = { loki_write, &carrier_http },
	[TARGET_OTLP] = { otlp_write, &carrier_http },
	[TARGET_LINES] = { lines_write, &carrier_http },
	[TARGET_PACKETS] = { NULL, &carrier_http },
	[TARGET_FILE] = { lines_write, NULL },
};

const char *const sink_drop_names[SINK_DROPS] = {
	[SINK_DROP_REJECTED] = "rejected", [SINK_DROP_BROKEN] = "broken"
};

struct sinks {
	struct sink_options options;
	const struct sink_kind *kind;
	struct sink_counters counters;
	struct sink_file *file;       /* owned; NULL: it is no file */
	struct outbox_sender *outbox; /* owned; NULL: there is none */
};

struct sink {
	struct sinks *sinks;
	void *carrier; /* owned; NULL: a file, or an outbox stands before it */
	struct message message;
	struct items items;
	struct origin origin;
	struct backoff backoff;
	char key[2 * KEY_BYTES + 1]; /* of the packet in work */
	size_t n_messages;           /* of it, so far */
	uint64_t until_us;
};

int sinks_new(const struct sink_options *options, struct sinks **sinksp)
{
	struct sinks *sinks = calloc(1, sizeof(*sinks));
	int r = 0;

	if (!sinks)
		return -ENOMEM;
	sinks->options = *options;
	sinks->kind = &kinds[options->target.kind];
	if (options->target.kind == TARGET_FILE)
		r = sink_file_open(options->target.url, options->file_max_bytes,
				   options->file_count, &sinks->file);
	if (r)
		log_error("sink", "cannot open the file", "path=%s reason=%s", options->target.url,
			  strerror(-r));
	if (!r && options->outbox)
		r = outbox_sender_start(&sinks->options, sinks->kind->carrier, &sinks->counters,
					&sinks->outbox);
	if (r)
		sinks_free(sinks);
	else
		*sinksp = sinks;
	return r;
}

void sinks_drain(struct sinks *sinks, uint64_t timeout_ms)
{
	if (sinks && sinks->outbox)
		outbox_sender_drain(sinks->outbox, timeout_ms);
}

void sinks_free(struct sinks *sinks)
{
	if (!sinks)
		return;
	outbox_sender_stop(sinks->outbox);
	sink_file_close(sinks->file);
	free(sinks);
}

const struct sink_counters *sinks_counters(const struct sinks *sinks)
{
	return &sinks->counters;
}

struct sink *sink_new(struct sinks *sinks)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->sinks = sinks;
	backoff_init(&sink->backoff, RETRY_BASE_MS, RETRY_CAP_MS, 0);
	if (sinks->file || sinks->outbox)
		return sink;
	sink->carrier = sinks->kind->carrier->open(&sinks->options, &sinks->counters);
	if (sink->carrier)
		return sink;
	sink_free(sink);
	return NULL;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	if (sink->carrier)
		sink->sinks->kind->carrier->close(sink->carrier);
	message_deinit(&sink->message);
	items_deinit(&sink->items);
	free(sink);
}

void sink_begin(struct sink *sink, const struct origin *origin)
{
	sink->origin = *origin;
	sink->until_us = clock_mono_us() + sink->sinks->options.timeout_ms * US_PER_MS;
	sink->message.now_ns = clock_wall_us() * 1000;
	backoff_reset(&sink->backoff);
	items_clear(&sink->items);
}

/* Sleeps before another try. False: there is no time, or there were enough. */
static bool wait_for_retry(struct sink *sink, unsigned n_tries)
{
	uint64_t pause_us = backoff_next_ms(&sink->backoff) * US_PER_MS;
	struct timespec pause = { (time_t)(pause_us / US_PER_S),
				  (long)(pause_us % US_PER_S * 1000) };

	if (n_tries >= MAX_TRIES || clock_mono_us() + pause_us >= sink->until_us)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static int carry(struct sink *sink)
{
	const struct carrier_ops *ops = sink->sinks->kind->carrier;
	struct sink_counters *counters = &sink->sinks->counters;
	unsigned n_tries = 1;
	int r = ops->send(sink->carrier, &sink->items, sink->until_us);

	while (r == SINK_E_AWAY && wait_for_retry(sink, n_tries++)) {
		atomic_fetch_add(&counters->retried, items_count(&sink->items, ITEM_PENDING));
		r = ops->send(sink->carrier, &sink->items, sink->until_us);
	}
	atomic_fetch_add(&counters->sent, items_count(&sink->items, ITEM_TAKEN));
	atomic_fetch_add(&counters->dropped[SINK_DROP_REJECTED],
			 items_count(&sink->items, ITEM_REJECTED));
	if (r == 0 && items_count(&sink->items, ITEM_REFUSED) > 0)
		return SINK_E_REFUSED;
	return r == CARRIER_E_SLOW ? SINK_E_AWAY : r;
}

static int store(struct sink *sink)
{
	struct sinks *sinks = sink->sinks;
	int r;

	if (sinks->outbox)
		return outbox_sender_put(sinks->outbox, &sink->items);
	r = sink_file_append(sinks->file, sink->items.bytes.data, sink->items.bytes.len);
	if (r == 0) {
		atomic_fetch_add(&sinks->counters.sent, sink->items.n);
		return 0;
	}
	log_error("sink", "the file cannot be written", "reason=%s", strerror(-r));
	atomic_fetch_add(&sinks->counters.failures, 1);
	return SINK_E_AWAY;
}

static int flush(struct sink *sink)
{
	int r;

	if (sink->items.n == 0)
		return 0;
	r = sink->carrier ? carry(sink) : store(sink);
	items_clear(&sink->items);
	return r;
}

static int end_item(struct sink *sink)
{
	int r = items_end_one(&sink->items);

	return !r && sink->items.bytes.len >= FLUSH_BYTES ? flush(sink) : r;
}

static int on_message(const struct message *m, void *arg)
{
	struct sink *sink = arg;
	struct sink_message sm = { m, &sink->origin, sink->key, sink->n_messages++ };
	int r = sink->sinks->kind->write(&sm, &sink->items.bytes);

	return r ? r : end_item(sink);
}

/* Line ends can only be white space between tokens. */
static int add_packet(struct sink *sink, const char *packet, size_t len)
{
	struct buf *bytes = &sink->items.bytes;
	size_t start = bytes->len;

	buf_append(bytes, packet, len);
	buf_append(bytes, "\n", 1);
	for (size_t i = start; !bytes->failed && i + 1 < bytes->len; i++)
		if (bytes->data[i] == '\n' || bytes->data[i] == '\r')
			bytes->data[i] = ' ';
	return end_item(sink);
}

/* The same packet has the same key at every analyzer; another one with its id has another key. */
static int make_key(struct sink *sink, const char *packet, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	sink->key[0] = '\0';
	if (sink->origin.packet_id.len == 0)
		return 0;
	if (!EVP_Digest(packet, len, digest, &n, EVP_sha256(), NULL))
		return -ENOMEM;
	for (unsigned i = 0; i < KEY_BYTES; i++)
		sprintf(sink->key + 2 * i, "%02x", digest[i]);
	return 0;
}

int sink_add(struct sink *sink, const char *packet, size_t len, const char *id, size_t id_len)
{
	int r = 0;

	if (!sink->sinks->kind->write)
		return add_packet(sink, packet, len);
	sink->origin.packet_id = (struct json_slice){ id, id_len };
	sink->n_messages = 0;
	if (sink->sinks->options.target.kind == TARGET_BULK)
		r = make_key(sink, packet, len);
	return r ? r : message_walk(&sink->message, packet, len, on_message, sink);
}

int sink_end(struct sink *sink)
{
	return flush(sink);
}
