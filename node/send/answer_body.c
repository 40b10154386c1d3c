#include "node/send/answer_body.h"

#include <string.h>

void answer_body_begin(struct answer_body *b)
{
	buf_clear(&b->kept);
	b->n_bytes = b->said_len = 0;
}

void answer_body_deinit(struct answer_body *b)
{
	buf_deinit(&b->kept);
}

/* Of what is too long nothing is kept, or its front where the transfer asks for it. */
static void keep(struct answer_body *b, const struct transfer *t, const char *data, size_t len)
{
	size_t max = t->keep_max ? t->keep_max : HTTP_RESPONSE_KEEP_BYTES;

	if (b->n_bytes + len <= max)
		buf_append(&b->kept, data, len);
	else if (!t->keep_max)
		buf_clear(&b->kept);
	else if (b->n_bytes < max)
		buf_append(&b->kept, data, max - b->n_bytes);
}

/* The front is kept: it may tell why a delivery failed. */
bool answer_body_add(struct answer_body *b, const struct transfer *t, const void *data, size_t len)
{
	size_t room = sizeof(b->said) - b->said_len;
	size_t n_kept = len < room ? len : room;

	memcpy(b->said + b->said_len, data, n_kept);
	b->said_len += n_kept;
	keep(b, t, data, len);
	b->n_bytes += len;
	return b->n_bytes <= ANSWER_BODY_MOST_BYTES;
}

void answer_body_tell(const struct answer_body *b, struct transfer *t, int status,
		      int64_t retry_after_s, bool is_whole, bool is_json)
{
	transfer_take_answer(t, status, retry_after_s);
	if (status >= 300 && b->said_len) {
		t->said = b->said;
		t->said_len = b->said_len;
	}
	t->is_json_long = status < 300 && t->keep_max && b->n_bytes > t->keep_max;
	t->is_json_cut = status < 300 && t->keep_max &&
			 (b->n_bytes > t->keep_max || !is_whole || b->kept.failed);
	if (status < 300 && b->kept.len && !b->kept.failed &&
	    (t->keep_max || (is_whole && is_json))) {
		t->json = b->kept.data;
		t->json_len = b->kept.len;
	}
}

/* The message is the transfer's, and the words of a refusal are what it says. */
bool answer_body_tell_call(struct answer_body *b, struct transfer *t, struct grpc_stream *stream,
			   int64_t retry_after_s, const char **whyp)
{
	struct grpc_answer answer;

	stream->body = b->kept.data;
	stream->body_len = b->kept.len;
	stream->n_body_bytes = b->n_bytes;
	stream->is_whole &= !b->kept.failed;
	if (grpc_answer_read(stream, &answer, whyp) != 0)
		return false;
	static_assert(sizeof(b->said) >= sizeof(answer.words), "words are kept as what was said");
	memcpy(b->said, answer.words, sizeof(answer.words));
	transfer_take_answer(t, answer.status,
			     answer.retry_after_s >= 0 ? answer.retry_after_s : retry_after_s);
	t->error = b->said;
	t->said_len = strlen(answer.words);
	t->said = t->said_len ? b->said : NULL;
	t->json = answer.message;
	t->json_len = answer.message_len;
	return true;
}
