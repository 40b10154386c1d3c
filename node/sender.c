#include "node/sender.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"

#define MAX_SPARE 64 /* easy handles kept for the next transfers */
#define MAX_IDLE_CONNECTIONS 1024L
#define RETRY_AFTER_MAX_S 30

struct sender {
	struct event_base *base; /* borrowed */
	CURLM *multi;
	struct event *timer;
	bool is_due; /* libcurl wants to be called now */
	struct transfer *under_way;
	CURL *spare[MAX_SPARE];
	unsigned n_spare;
};

static void collect(struct sender *s);

static void on_socket_event(evutil_socket_t fd, short what, void *arg)
{
	struct sender *s = arg;
	int running, action = 0;

	if (what & EV_READ)
		action |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		action |= CURL_CSELECT_OUT;
	curl_multi_socket_action(s->multi, fd, action, &running);
	collect(s);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct sender *s = arg;
	struct event *event = watch;
	short events = EV_PERSIST;

	(void)easy;
	if (event)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		events |= (what & CURL_POLL_IN) ? EV_READ : 0;
		events |= (what & CURL_POLL_OUT) ? EV_WRITE : 0;
		event = event_new(s->base, fd, events, on_socket_event, s);
		if (!event || event_add(event, NULL) != 0)
			return -1;
	}
	curl_multi_assign(s->multi, fd, event);
	return 0;
}

static int on_timer_change(CURLM *multi, long timeout_ms, void *arg)
{
	struct sender *s = arg;
	struct timeval tv;

	(void)multi;
	s->is_due = timeout_ms == 0;
	if (timeout_ms < 0) {
		evtimer_del(s->timer);
	} else {
		tv = clock_timeval((uint64_t)timeout_ms * US_PER_MS);
		evtimer_add(s->timer, &tv);
	}
	return 0;
}

static void act(struct sender *s)
{
	int running;

	s->is_due = false;
	curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(s);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	act(arg);
}

void sender_turn(struct sender *s)
{
	if (s->is_due)
		act(s);
}

struct sender *sender_new(struct event_base *base)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->base = base;
	s->multi = curl_multi_init();
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->multi || !s->timer) {
		sender_free(s);
		return NULL;
	}
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS);
	return s;
}

static void unlink_transfer(struct sender *s, struct transfer *t)
{
	*(t->prev ? &t->prev->next : &s->under_way) = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->prev = t->next = NULL;
}

static void keep_spare(struct sender *s, CURL *easy)
{
	if (s->n_spare < MAX_SPARE)
		s->spare[s->n_spare++] = easy;
	else
		curl_easy_cleanup(easy);
}

static void finish(struct sender *s, struct transfer *t, CURLcode result)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->result = result;
	t->status = result == CURLE_OK ? (int)status : 0;
	t->ended_us = clock_mono_us();
	curl_multi_remove_handle(s->multi, t->easy);
	keep_spare(s, t->easy);
	t->easy = NULL;
	unlink_transfer(s, t);
	t->on_done(t);
}

static void collect(struct sender *s)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(s->multi, &left))) {
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		finish(s, t, message->data.result);
	}
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	while (s->under_way)
		finish(s, s->under_way, CURLE_ABORTED_BY_CALLBACK);
	while (s->n_spare)
		curl_easy_cleanup(s->spare[--s->n_spare]);
	if (s->multi)
		curl_multi_cleanup(s->multi);
	if (s->timer)
		event_free(s->timer);
	free(s);
}

/* What an analyzer says beside its status is of no use here. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	static const char name[] = "retry-after:";
	struct transfer *t = arg;
	size_t len = size * n;
	uint32_t seconds = 0;

	if (len < sizeof(name) || strncasecmp(data, name, sizeof(name) - 1) != 0)
		return len;
	for (size_t i = sizeof(name) - 1; i < len; i++) {
		if (data[i] >= '0' && data[i] <= '9' && seconds < RETRY_AFTER_MAX_S)
			seconds = seconds * 10 + (uint32_t)(data[i] - '0');
		else if (data[i] != ' ')
			break;
	}
	t->retry_after_s = seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S;
	return len;
}

static CURL *new_easy(void)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_PROXY,
			 ""); /* analyzers are inside: no proxy from the environment */
	return easy;
}

int sender_start(struct sender *s, struct transfer *t)
{
	t->easy = s->n_spare ? s->spare[--s->n_spare] : new_easy();
	if (!t->easy)
		return -ENOMEM;
	t->status = 0;
	t->retry_after_s = 0;
	t->started_us = clock_mono_us();
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
	if (t->body) {
		curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->len);
	} else {
		curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
	}
	if (curl_easy_setopt(t->easy, CURLOPT_URL, t->url) != CURLE_OK ||
	    curl_multi_add_handle(s->multi, t->easy) != CURLM_OK) {
		keep_spare(s, t->easy);
		t->easy = NULL;
		return -ENOMEM;
	}
	t->prev = NULL;
	t->next = s->under_way;
	if (t->next)
		t->next->prev = t;
	s->under_way = t;
	return 0;
}
