#ifndef WEIR_T_UNIT_NODE_HTTP_TRANSCRIPT_H
#define WEIR_T_UNIT_NODE_HTTP_TRANSCRIPT_H
/*
 * What a reader makes of some bytes, as one line of text, for the unit test and the fuzzer:
 *   POST /ingest 1.1 keep length=2 | {} | done | refused bad_header
 */
#include <stdio.h>

#include "common/buf.h"
#include "common/http/http_reader.h"

static void note_slice(struct buf *out, const char *name, struct http_slice s)
{
	if (!s.data)
		return;
	buf_append_str(out, name);
	buf_append(out, s.data, s.len);
}

static void note_head(struct buf *out, const struct http_head *head)
{
	note_slice(out, http_method_names[head->method], (struct http_slice){ " ", 1 });
	note_slice(out, "", head->path);
	note_slice(out, "?", head->query);
	buf_append_str(out, head->minor_version ? " 1.1" : " 1.0");
	buf_append_str(out, head->keep_alive ? " keep" : " close");
	if (head->has_length)
		buf_printf(out, " length=%llu", (unsigned long long)head->content_length);
	if (head->chunked)
		buf_append_str(out, " chunked");
	if (head->expect_continue)
		buf_append_str(out, " expect");
	note_slice(out, " type=", head->content_type);
	note_slice(out, " encoding=", head->content_encoding);
	note_slice(out, " auth=", head->authorization);
	buf_append_str(out, " | ");
}

static void end_body(struct buf *out, const struct http_reader *r)
{
	if (r->n_body_bytes > 0)
		buf_append_str(out, " | ");
}

/* Feeds the reader all of `unread` and notes the events. False once it has refused. */
static bool note_events(struct buf *out, struct http_reader *r, struct buf *unread)
{
	for (;;) {
		struct http_slice slice = { NULL, 0 };
		size_t n_consumed, len = unread->len;
		char *exact = len ? malloc(len) : NULL; /* a read beyond it is an ASan report */
		enum http_event event;

		if (len)
			memcpy(exact, unread->data, len);
		event = http_reader_feed(r, exact, len, &n_consumed, &slice);
		assert(n_consumed <= len);
		if (event == HTTP_HEAD_DONE)
			note_head(out, r->head);
		if (event == HTTP_BODY_DATA) {
			assert(slice.len > 0 && slice.data + slice.len == exact + n_consumed);
			buf_append(out, slice.data, slice.len);
		}
		free(exact);
		if (n_consumed > 0)
			memmove(unread->data, unread->data + n_consumed, unread->len - n_consumed);
		unread->len -= n_consumed;
		if (event == HTTP_NEED_MORE)
			return true;
		if (event == HTTP_REFUSED) {
			end_body(out, r);
			buf_printf(out, "refused %s", http_refusals[r->refusal].name);
			return false;
		}
		if (event == HTTP_MESSAGE_DONE) {
			end_body(out, r);
			buf_append_str(out, "done | ");
			http_reader_next(r);
		}
	}
}

/* `bytes` come as a piece of `n_first` and then in pieces of `n_each` (at least 1). */
static void http_transcript(struct buf *out, struct http_reader *r, const char *bytes, size_t len,
			    size_t n_first, size_t n_each)
{
	struct buf unread CLEANUP(buf_deinit) = { 0 };
	bool goes_on = true;

	for (size_t at = 0, n; at < len && goes_on; at += n) {
		n = at == 0 ? n_first : n_each;
		if (n > len - at)
			n = len - at;
		buf_append(&unread, bytes + at, n);
		assert(!unread.failed);
		goes_on = note_events(out, r, &unread);
	}
	if (goes_on && (r->state != HTTP_HEAD_WAIT || r->n_searched > 0)) {
		end_body(out, r);
		buf_append_str(out, "more");
	}
}

#endif
