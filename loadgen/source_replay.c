#include "loadgen/lines.h"
#include "loadgen/source.h"

struct replay {
	struct source source;
	struct lines *lines; /* owned */
};

static int replay_next(struct source *source, struct message *m)
{
	struct replay *replay = CONTAINER_OF(source, struct replay, source);
	int r = lines_next(replay->lines, &m->text, &m->len);

	m->is_plain = false;
	if (r)
		return r == LINES_E_LATER ? SOURCE_E_LATER : r == LINES_E_END ? SOURCE_E_END : r;
	return 0;
}

static void replay_free(struct source *source)
{
	struct replay *replay = CONTAINER_OF(source, struct replay, source);

	lines_free(replay->lines);
	free(replay);
}

static const struct source_ops replay_ops = {
	.name = "replay",
	.next = replay_next,
	.free = replay_free,
};

int source_new_replay(struct source **sourcep, const struct sizes *sizes, uint64_t seed,
		      const char *path)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	int r;

	if (!replay)
		return -ENOMEM;
	replay->source.ops = &replay_ops;
	replay->source.sizes = *sizes;
	rng_init(&replay->source.rng, seed);
	r = lines_new(&replay->lines, path);
	if (r) {
		free(replay);
		return r;
	}
	*sourcep = &replay->source;
	return 0;
}
