#include "common/h2/h2_answer.h"

/* What is behind the message that answers a call. */
static int submit_status(nghttp2_session *session, int32_t id)
{
	const nghttp2_nv nv = h2_answer_field("grpc-status", "0");

	return nghttp2_submit_trailer(session, id, &nv, 1);
}

static ssize_t on_body_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
			      uint32_t *flagsp, nghttp2_data_source *source, void *arg)
{
	struct h2_answer *answer = source->ptr;
	size_t n = answer->text.len - answer->n_sent;

	(void)arg;
	n = n < size ? n : size;
	memcpy(to, answer->text.data + answer->n_sent, n);
	answer->n_sent += n;
	if (answer->n_sent < answer->text.len)
		return (ssize_t)n;
	*flagsp |= NGHTTP2_DATA_FLAG_EOF;
	if (!answer->is_call)
		return (ssize_t)n;
	*flagsp |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return submit_status(session, id) == 0 ? (ssize_t)n : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int h2_answer_submit(nghttp2_session *session, int32_t id, struct h2_answer *answer,
		     bool is_interim)
{
	nghttp2_data_provider body = { .source.ptr = answer, .read_callback = on_body_wanted };
	struct h2_field fields[H2_FIELDS_MAX];
	nghttp2_nv nvs[H2_FIELDS_MAX];
	size_t n;

	answer->n_sent = h2_head_split(answer->text.data, answer->text.len, fields, &n);
	for (size_t i = 0; i < n; i++)
		nvs[i] = (nghttp2_nv){ .name = (uint8_t *)fields[i].name.data,
				       .namelen = fields[i].name.len,
				       .value = (uint8_t *)fields[i].value.data,
				       .valuelen = fields[i].value.len };
	if (is_interim)
		return nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, id, NULL, nvs, n, NULL);
	return nghttp2_submit_response(session, id, nvs, n,
				       answer->n_sent < answer->text.len ? &body : NULL);
}
