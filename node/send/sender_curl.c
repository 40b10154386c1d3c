#include "node/send/sender_curl.h"

#include <stdlib.h>

#include "common/clock.h"
#include "node/send/curl_answer.h"

#define MAX_SPARE 64 /* calls kept for the next transfers */
#define MAX_IDLE_CONNECTIONS 1024L
#define ANSWER_BYTES 1024L /* read at once; libcurl's 16 KiB for each transfer would be wasted */

struct sender_curl {
	struct event_base *base;       /* borrowed */
	const struct net_allow *allow; /* borrowed */
	const struct sender_tls *tls;  /* borrowed; NULL: as the system has it */
	CURLM *multi;
	struct event *timer;
	bool is_due; /* libcurl wants to be called now */
	struct transfer_list under_way;
	struct curl_call *spare[MAX_SPARE];
	unsigned n_spare;
	bool is_ending;
};

static void collect(struct sender_curl *s);

static void on_socket_event(evutil_socket_t fd, short what, void *arg)
{
	struct sender_curl *s = arg;
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
	struct sender_curl *s = arg;
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
	struct sender_curl *s = arg;
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

static void act(struct sender_curl *s)
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

void sender_curl_turn(struct sender_curl *s)
{
	if (s->is_due)
		act(s);
}

struct sender_curl *sender_curl_new(struct event_base *base, const struct net_allow *allow,
				    const struct sender_tls *tls, bool is_alone)
{
	struct sender_curl *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->base = base;
	s->allow = allow;
	s->tls = tls;
	TAILQ_INIT(&s->under_way);
	s->multi = curl_multi_init();
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->multi || !s->timer) {
		sender_curl_free(s);
		return NULL;
	}
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS);
	curl_multi_setopt(s->multi, CURLMOPT_PIPELINING,
			  is_alone ? CURLPIPE_NOTHING : CURLPIPE_MULTIPLEX);
	return s;
}

static void keep_spare(struct sender_curl *s, struct curl_call *c)
{
	if (s->n_spare < MAX_SPARE)
		s->spare[s->n_spare++] = c;
	else
		curl_call_free(c);
}

static void finish(struct sender_curl *s, struct transfer *t, CURLcode code)
{
	struct curl_call *c = t->call;

	curl_multi_remove_handle(s->multi, c->easy);
	TAILQ_REMOVE(&s->under_way, t, link);
	t->call = NULL;
	curl_answer_end(c, code);
	keep_spare(s, c);
}

static void collect(struct sender_curl *s)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(s->multi, &left))) {
		struct curl_call *c = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish(s, c->transfer, message->data.result);
	}
}

void sender_curl_free(struct sender_curl *s)
{
	struct transfer *t;

	if (!s)
		return;
	s->is_ending = true;
	while ((t = TAILQ_FIRST(&s->under_way)))
		finish(s, t, CURLE_ABORTED_BY_CALLBACK);
	while (s->n_spare)
		curl_call_free(s->spare[--s->n_spare]);
	if (s->multi)
		curl_multi_cleanup(s->multi);
	if (s->timer)
		event_free(s->timer);
	free(s);
}

int sender_curl_start(struct sender_curl *s, struct transfer *t)
{
	struct curl_call *c;

	if (s->is_ending)
		return -ECANCELED;
	c = s->n_spare ? s->spare[--s->n_spare] : curl_call_new(s->allow, s->tls);
	if (!c)
		return -ENOMEM;
	transfer_begin(t);
	if (curl_call_set_up(c, t) != 0 || curl_multi_add_handle(s->multi, c->easy) != CURLM_OK) {
		keep_spare(s, c);
		return -ENOMEM;
	}
	t->call = c;
	TAILQ_INSERT_TAIL(&s->under_way, t, link);
	return 0;
}
