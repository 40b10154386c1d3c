#include "node/admin/admin_stream.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/printable.h"
#include "registry/entries.h"
#include "registry/journal.h"

#define SILENCE_US (5 * US_PER_S) /* then a comment tells that the stream lives */
#define FRESH_US 1200000          /* an older view is of a time when nobody looked */
#define FIRST_EVENTS 100

static_assert(FIRST_EVENTS <= RECENT_EVENTS, "there are as many of them");

struct admin_stream {
	struct watch *watch;        /* borrowed */
	struct view *view;          /* as last sent; NULL: none */
	char after[JOURNAL_ID_MAX]; /* the last event that was sent; "": none */
	uint64_t said_us;           /* when something was last sent */
};

void admin_append_view(struct buf *out, const struct view *view)
{
	assert(view->text.len > 0); /* its last '}' is left out, and written here */
	buf_append(out, view->text.data, view->text.len);
	buf_printf(out, ",\"age_ms\":%llu}",
		   (unsigned long long)((clock_mono_us() - view->seen_us) / US_PER_MS));
}

struct admin_stream *admin_stream_begin(struct watch *watch, struct front_request *rq,
					uint64_t now_us)
{
	const char *last = rq->fields[FIELD_LAST_EVENT_ID];
	struct admin_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct admin_stream){ .watch = watch, .said_us = now_us };
	if (last && strlen(last) < sizeof(s->after) && entry_is_name(last))
		strcpy(s->after, last);
	buf_append_str(&rq->out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				 "X-Accel-Buffering: no\r\nVary: Accept\r\nConnection: close\r\n");
	web_append_safety(&rq->out, NULL, NULL);
	buf_append_str(&rq->out, "\r\nretry: 1000\n\n");
	return s;
}

/* JSON has no line breaks, so it is one line of data. */
static void append_event(struct admin_stream *s, const cJSON *event, struct buf *out)
{
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "id"));
	char *text = id ? cJSON_PrintUnformatted(event) : NULL; /* without: memory ran out */

	if (text) {
		buf_printf(out, "event: event\nid: %s\ndata: ", id);
		printable_append(out, text, strlen(text), "");
		buf_append_str(out, "\n\n");
	}
	if (id)
		snprintf(s->after, sizeof(s->after), "%s", id);
	cJSON_free(text);
}

static void append_news(struct admin_stream *s, struct buf *out)
{
	cJSON *events = watch_events_json(s->watch, s->after[0] ? s->after : NULL,
					  s->after[0] ? RECENT_EVENTS : FIRST_EVENTS);
	const cJSON *event;

	cJSON_ArrayForEach (event, events)
		append_event(s, event, out);
	cJSON_Delete(events);
}

static void append_overview(struct buf *out, const struct view *view)
{
	buf_append_str(out, "event: overview\ndata: ");
	admin_append_view(out, view);
	buf_append_str(out, "\n\n");
}

void admin_stream_continue(struct admin_stream *s, uint64_t now_us, struct buf *out)
{
	struct view *view = watch_latest(s->watch);

	if (view && view != s->view && view->made_us + FRESH_US > now_us) {
		view_unref(s->view);
		s->view = view_ref(view);
		append_news(s, out);
		append_overview(out, view);
		s->said_us = now_us;
	} else if (now_us - s->said_us > SILENCE_US) {
		buf_append_str(out, ": keep-alive\n\n");
		s->said_us = now_us;
	}
	view_unref(view);
}

void admin_stream_end(struct admin_stream *s)
{
	view_unref(s->view);
	free(s);
}
