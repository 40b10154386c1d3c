#include "common/front/front_state.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/tls/tls_stream.h"

/* The one way out of a list. A walk goes on behind it. */
static void leave_list(struct front_conn *c)
{
	struct front_crowd *crowd = c->crowd;

	if (crowd->next == c)
		crowd->next = TAILQ_NEXT(c, entry);
	TAILQ_REMOVE(&crowd->lists[c->state], c, entry);
}

void front_for_each(struct front_crowd *crowd, enum front_state state,
		    void (*fn)(struct front_conn *c))
{
	struct front_conn *c;

	assert(!crowd->next);
	for (c = TAILQ_FIRST(&crowd->lists[state]); c; c = crowd->next) {
		crowd->next = TAILQ_NEXT(c, entry);
		fn(c);
	}
}

/* It changes its state, or ends. */
static void count_h2(struct front_conn *c, bool will_be)
{
	if (c->state == FRONT_H2)
		atomic_fetch_sub(&c->crowd->n_h2, 1);
	if (will_be)
		atomic_fetch_add(&c->crowd->n_h2, 1);
}

void front_set_state(struct front_conn *c, enum front_state state)
{
	static const unsigned legal_next[] = {
		[FRONT_READING] = 1 << FRONT_WORKING | 1 << FRONT_WRITING | 1 << FRONT_STREAMING |
				  1 << FRONT_H2,
		[FRONT_WORKING] = 1 << FRONT_WRITING,
		[FRONT_WRITING] = 1 << FRONT_LINGERING | 1 << FRONT_IDLE,
		[FRONT_STREAMING] = 0,
		[FRONT_IDLE] = 1 << FRONT_READING,
		[FRONT_LINGERING] = 0,
		[FRONT_H2] = 1 << FRONT_LINGERING,
	};

	assert(legal_next[c->state] & 1U << state);
	leave_list(c);
	count_h2(c, state == FRONT_H2);
	c->state = state;
	c->since_us = c->crowd->now_us;
	TAILQ_INSERT_TAIL(&c->crowd->lists[state], c, entry);
}

void front_touch(struct front_conn *c)
{
	c->since_us = c->crowd->now_us;
	leave_list(c);
	TAILQ_INSERT_TAIL(&c->crowd->lists[c->state], c, entry);
}

void front_arm(struct front_conn *c)
{
	bool reads = c->state != FRONT_WORKING && c->state != FRONT_WRITING;
	bool goes_on = c->state == FRONT_STREAMING || c->state == FRONT_H2;
	bool has_unsent = goes_on && c->n_sent < c->rq.out.len;
	short want = 0;

	if (reads)
		want |= EV_READ;
	if (c->state == FRONT_WRITING || has_unsent ||
	    (reads && c->tls && tls_stream_wants_write(c->tls)))
		want |= EV_WRITE;
	if (want == c->armed)
		return;
	if (c->armed)
		event_del(&c->event);
	c->armed = want;
	if (!want)
		return;
	event_assign(&c->event, c->crowd->base, c->fd, (short)(want | EV_PERSIST),
		     c->crowd->on_event, c);
	if (event_add(&c->event, NULL) != 0)
		log_error(c->crowd->config->name, "cannot watch a connection", "error=%s",
			  strerror(errno));
	front_recall(c);
}

void front_recall(struct front_conn *c)
{
	if (c->tls && (c->armed & EV_READ) && tls_stream_has_more(c->tls))
		event_active(&c->event, EV_READ, 0);
}

void front_set_client(struct front_conn *c, const struct net_addr *client)
{
	const struct net_allow *proxies = c->crowd->config->proxies;
	char *colon;

	c->rq.from = *client;
	net_addr_key(client, c->key);
	c->has_client = !proxies || net_allow_refuses(proxies, "", client);
	net_addr_format(client, c->rq.client);
	colon = strrchr(c->rq.client, ':');
	if (colon)
		*colon = '\0';
	if (c->tls && *tls_stream_peer(c->tls)) {
		size_t len = strlen(c->rq.client);

		snprintf(c->rq.client + len, sizeof(c->rq.client) - len, " (%s)",
			 tls_stream_peer(c->tls));
	}
}

struct front_conn *front_open(struct front_crowd *crowd, int fd, const struct net_addr *peer)
{
	const struct front_config *config = crowd->config;
	struct front_conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	*c = (struct front_conn){
		.crowd = crowd, .fd = fd, .peer = *peer, .since_us = crowd->now_us
	};
	front_set_client(c, peer);
	c->is_proxied = c->awaits_proxy_header = !c->has_client;
	http_reader_init(&c->reader, &c->head, FRONT_MAX_HEAD, config->max_body_bytes);
	c->reader.may_lack_length = config->may_lack_length;
	TAILQ_INSERT_TAIL(&crowd->lists[FRONT_READING], c, entry);
	config->ops->on_count(config->arg, ++crowd->n);
	front_arm(c);
	return c;
}

void front_close(struct front_conn *c, enum front_close reason)
{
	struct front_crowd *crowd = c->crowd;
	const struct front_config *config = crowd->config;

	if (c->armed)
		event_del(&c->event);
	leave_list(c);
	count_h2(c, false);
	crowd->n--;
	crowd->n_streams -= c->state == FRONT_STREAMING;
	if (c->h2)
		crowd->free_h2(c);
	front_hold(c, 0);
	config->ops->on_closed(config->arg, reason);
	config->ops->on_count(config->arg, crowd->n);
	if (c->tls)
		tls_stream_end(c->tls);
	tls_stream_free(c->tls);
	close(c->fd);
	if (c->stream)
		config->ops->end_stream(c->stream);
	front_request_deinit(&c->rq);
	buf_deinit(&c->in);
	free(c);
}

void front_job_done(struct front_crowd *crowd, struct front_job *job)
{
	pthread_mutex_lock(&crowd->done_lock);
	job->next = crowd->done;
	crowd->done = job;
	pthread_mutex_unlock(&crowd->done_lock);
	if (eventfd_write(crowd->done_fd, 1) != 0)
		log_error(crowd->config->name, "cannot wake the front", "error=%s",
			  strerror(errno));
}

void front_hold(struct front_conn *c, uint64_t n_bytes)
{
	c->crowd->n_held_bytes += n_bytes;
	c->crowd->n_held_bytes -= c->n_held_bytes;
	c->n_held_bytes = n_bytes;
}
