#include "loadgen/source.h"

#include <stdio.h>

#define TEXT_BYTES 16384

struct synthetic {
	struct source source;
	size_t n_text;       /* bytes of a message that are words */
	uint64_t head_ts_ms; /* of `head` */
	char head[48];       /* a message up to its words */
	size_t head_len;
	char text[TEXT_BYTES]; /* words; each message is a piece of them, from anywhere */
};

static const char message_tail[] = "\"}";

static const char *const words[] = {
	"accepted",   "connection", "from",  "client", "request", "handled",  "in",
	"upstream",   "timed",      "out",   "while",  "reading", "GET",      "/api/v1/items",
	"status=200", "status=404", "user=", "cache",  "miss",    "retrying", "session",
	"closed",     "worker",     "queue", "bytes",  "written", "to",       "disk",
};

static void synthetic_write_head(struct synthetic *s)
{
	int n = snprintf(s->head, sizeof(s->head), "{\"ts\":%llu,\"msg\":\"",
			 (unsigned long long)s->source.ts_ms);

	s->head_len = (size_t)n;
	s->head_ts_ms = s->source.ts_ms;
}

static int synthetic_append_message(struct source *source, struct buf *out)
{
	struct synthetic *s = CONTAINER_OF(source, struct synthetic, source);
	size_t from = rng_next(&source->rng) % TEXT_BYTES, n_left = s->n_text, n;

	if (!s->head_len || s->head_ts_ms != source->ts_ms)
		synthetic_write_head(s);
	buf_append(out, s->head, s->head_len);
	while (n_left) {
		n = n_left < TEXT_BYTES - from ? n_left : TEXT_BYTES - from;
		buf_append(out, s->text + from, n);
		n_left -= n;
		from = 0;
	}
	buf_append(out, message_tail, sizeof(message_tail) - 1);
	return 0;
}

static void synthetic_free(struct source *source)
{
	free(CONTAINER_OF(source, struct synthetic, source));
}

static const struct source_ops synthetic_ops = {
	.name = "synthetic",
	.append_message = synthetic_append_message,
	.free = synthetic_free,
};

static void synthetic_fill_text(struct synthetic *s)
{
	size_t at = 0, n;
	const char *word;

	while (at < TEXT_BYTES) {
		word = words[rng_next(&s->source.rng) % ARRAY_LEN(words)];
		n = strlen(word);
		if (n > TEXT_BYTES - at)
			n = TEXT_BYTES - at;
		memcpy(s->text + at, word, n);
		at += n;
		if (at < TEXT_BYTES)
			s->text[at++] = ' ';
	}
}

int source_new_synthetic(struct source **sourcep, const struct sizes *sizes, uint64_t seed,
			 size_t message_bytes)
{
	struct synthetic *s = calloc(1, sizeof(*s));
	size_t n_frame;

	if (!s)
		return -ENOMEM;
	s->source.ops = &synthetic_ops;
	s->source.sizes = *sizes;
	rng_init(&s->source.rng, seed);
	synthetic_fill_text(s);
	n_frame = strlen("{\"ts\":1234567890123,\"msg\":\"") + sizeof(message_tail) - 1;
	s->n_text = message_bytes > n_frame ? message_bytes - n_frame : 1;
	*sourcep = &s->source;
	return 0;
}
