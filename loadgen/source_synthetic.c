#include "loadgen/source.h"

#define TEXT_BYTES 16384

struct synthetic {
	struct source source;
	size_t n_text; /* bytes of a message that are words */
	/* Words that come again after TEXT_BYTES. Each message is a piece of them, from anywhere. */
	char text[];
};

static const char *const words[] = {
	"accepted",   "connection", "from",  "client", "request", "handled",  "in",
	"upstream",   "timed",      "out",   "while",  "reading", "GET",      "/api/v1/items",
	"status=200", "status=404", "user=", "cache",  "miss",    "retrying", "session",
	"closed",     "worker",     "queue", "bytes",  "written", "to",       "disk",
};

static int synthetic_next(struct source *source, struct message *m)
{
	struct synthetic *s = CONTAINER_OF(source, struct synthetic, source);

	*m = (struct message){ s->text + rng_next(&source->rng) % TEXT_BYTES, s->n_text, true };
	return 0;
}

static void synthetic_free(struct source *source)
{
	free(CONTAINER_OF(source, struct synthetic, source));
}

static const struct source_ops synthetic_ops = {
	.name = "synthetic",
	.next = synthetic_next,
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
	for (at = 0; at < s->n_text; at++)
		s->text[TEXT_BYTES + at] = s->text[at];
}

int source_new_synthetic(struct source **sourcep, const struct sizes *sizes, uint64_t seed,
			 size_t message_bytes)
{
	size_t n_frame = strlen("{\"ts\":1234567890123,\"msg\":\"\"}");
	size_t n_text = message_bytes > n_frame ? message_bytes - n_frame : 1;
	struct synthetic *s = calloc(1, sizeof(*s) + TEXT_BYTES + n_text);

	if (!s)
		return -ENOMEM;
	s->source.ops = &synthetic_ops;
	s->source.sizes = *sizes;
	s->n_text = n_text;
	rng_init(&s->source.rng, seed);
	synthetic_fill_text(s);
	*sourcep = &s->source;
	return 0;
}
