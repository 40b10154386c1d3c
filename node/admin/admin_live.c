/*
 * What the dashboard shows: the overview, its history, and what happens, as JSON or as a stream of
 * server-sent events. A stream has a thread of civetweb's for as long as it lives.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/http/web.h"
#include "common/json/json_read.h"
#include "node/admin/admin_api.h"
#include "node/watch/watch.h"
#include "registry/entries.h"
#include "registry/journal.h"

#define WAIT_MS 5000 /* a stream that is silent for so long gets a comment */
#define FIRST_EVENTS 100

static int refuse_unseen(struct mg_connection *conn)
{
	return admin_refuse(conn, 503, "registry_away",
			    "This node has not seen the pool yet: Redis does not answer.", NULL);
}

/* The view's text is whole but for its age. */
static void append_view(struct buf *out, const struct view *view)
{
	buf_append(out, view->text, view->len);
	buf_printf(out, ",\"age_ms\":%llu}",
		   (unsigned long long)((clock_mono_us() - view->seen_us) / US_PER_MS));
}

int admin_get_overview(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);
	struct web_answer answer = { .status = 200,
				     .content_type = "application/json",
				     .close = true };
	struct buf text CLEANUP(buf_deinit) = { 0 };

	(void)id;
	if (!view)
		return refuse_unseen(conn);
	append_view(&text, view);
	if (text.failed)
		return admin_refuse(conn, 503, "memory", "Out of memory.", NULL);
	answer.body = text.data;
	answer.len = text.len;
	return web_send(conn, &answer);
}

int admin_read_overview(struct admin_api *api, struct mg_connection *conn, cJSON **overviewp)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);
	struct buf text CLEANUP(buf_deinit) = { 0 };

	if (!view)
		return refuse_unseen(conn);
	append_view(&text, view);
	*overviewp = json_read_own(text.data, text.len);
	return *overviewp ? 0 : admin_refuse(conn, 503, "memory", "Out of memory.", NULL);
}

int admin_get_history(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);

	(void)id;
	return view ? web_send_json(conn, 200, watch_history_json(api->config.watch), true)
		    : refuse_unseen(conn);
}

/* ---- events ---- */

static int send_events(struct admin_api *api, struct mg_connection *conn)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);
	cJSON *json;

	if (!view)
		return refuse_unseen(conn);
	json = cJSON_CreateObject();
	cJSON_AddItemToObject(json, "events",
			      watch_events_json(api->config.watch, NULL, WATCH_EVENTS));
	return web_send_json(conn, 200, json, true);
}

struct stream {
	struct mg_connection *conn;
	struct watch *watch;
	struct view *view;          /* as last sent; NULL: none */
	char after[JOURNAL_ID_MAX]; /* the last event that was sent; "": none */
	struct buf out;
};

/* False: the client is gone, or does not read. */
static bool flush(struct stream *s)
{
	bool ok = !s->out.failed && mg_write(s->conn, s->out.data, s->out.len) == (int)s->out.len;

	buf_clear(&s->out);
	return ok;
}

/* JSON has no line breaks, so it is one line of data. */
static void append_event(struct stream *s, const cJSON *event)
{
	const char *id = cJSON_GetObjectItemCaseSensitive(event, "id")->valuestring;
	char *text = cJSON_PrintUnformatted(event);

	if (text)
		buf_printf(&s->out, "event: event\nid: %s\ndata: %s\n\n", id, text);
	snprintf(s->after, sizeof(s->after), "%s", id);
	cJSON_free(text);
}

static void append_news(struct stream *s)
{
	cJSON *events = watch_events_json(s->watch, s->after[0] ? s->after : NULL,
					  s->after[0] ? WATCH_EVENTS : FIRST_EVENTS);
	const cJSON *event;

	cJSON_ArrayForEach (event, events)
		append_event(s, event);
	cJSON_Delete(events);
}

static bool send_next(struct stream *s)
{
	struct view *view = s->view ? watch_next(s->watch, s->view, WAIT_MS) : watch_view(s->watch);

	if (view == s->view) {
		view_unref(view);
		buf_append_str(&s->out, ": keep-alive\n\n");
		return flush(s);
	}
	view_unref(s->view);
	s->view = view;
	append_news(s);
	buf_append_str(&s->out, "event: overview\ndata: ");
	append_view(&s->out, view);
	buf_append_str(&s->out, "\n\n");
	return flush(s);
}

static int stream_events(struct admin_api *api, struct mg_connection *conn)
{
	struct stream s = { .conn = conn, .watch = api->config.watch };
	const char *last = mg_get_header(conn, "Last-Event-ID");

	if (last && strlen(last) < sizeof(s.after) && entry_is_name(last))
		strcpy(s.after, last);
	buf_append_str(&s.out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
			       "X-Accel-Buffering: no\r\nVary: Accept\r\nConnection: close\r\n");
	web_append_safety(&s.out, NULL, NULL);
	buf_append_str(&s.out, "\r\nretry: 1000\n\n");
	mg_disable_connection_keep_alive(conn);
	while (flush(&s) && !watch_is_stopped(s.watch) && send_next(&s))
		;
	view_unref(s.view);
	buf_deinit(&s.out);
	return 200;
}

int admin_get_events(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	const char *accept = mg_get_header(conn, "Accept");
	int status;

	(void)id;
	if (!accept || !strstr(accept, "text/event-stream") ||
	    strcmp(mg_get_request_info(conn)->request_method, "HEAD") == 0)
		return send_events(api, conn);
	if (atomic_fetch_add(&api->n_streams, 1) >= ADMIN_STREAMS)
		status = admin_refuse(conn, 503, "too_many_streams",
				      "As many streams are open as this node serves: read "
				      "/v1/overview now and then instead.",
				      NULL);
	else
		status = stream_events(api, conn);
	atomic_fetch_sub(&api->n_streams, 1);
	return status;
}
