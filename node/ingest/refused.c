#include "node/ingest/refused.h"

#include <string.h>

#define READ_TRIES 100

/* Entry i as others may see it. */
static void show(struct refused *r, unsigned i)
{
	uint64_t words[REFUSED_WORDS];
	uint64_t number = atomic_load_explicit(&r->shown[i].number, memory_order_relaxed);

	memcpy(words, &r->own[i], sizeof(words));
	atomic_store_explicit(&r->shown[i].number, number + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t k = 0; k < REFUSED_WORDS; k++)
		atomic_store_explicit(&r->shown[i].words[k], words[k], memory_order_relaxed);
	atomic_store_explicit(&r->shown[i].number, number + 2, memory_order_release);
}

/* False: there is none, or it is written all the time. */
static bool read_entry(const struct refused *r, unsigned i, struct refused_request *out)
{
	uint64_t words[REFUSED_WORDS], before, after;

	for (int tries = 0; tries < READ_TRIES; tries++) {
		before = atomic_load_explicit(&r->shown[i].number, memory_order_acquire);
		if (before == 0)
			return false;
		for (size_t k = 0; k < REFUSED_WORDS; k++)
			words[k] =
				atomic_load_explicit(&r->shown[i].words[k], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load_explicit(&r->shown[i].number, memory_order_relaxed);
		if (before == after && before % 2 == 0) {
			memcpy(out, words, sizeof(words));
			return true;
		}
	}
	return false;
}

static void take_path(struct http_slice path, char out[REFUSED_PATH])
{
	size_t len = path.len < REFUSED_PATH ? path.len : REFUSED_PATH - 1;

	memset(out, 0, REFUSED_PATH);
	for (size_t i = 0; i < len; i++)
		out[i] = path.data[i] > ' ' && path.data[i] <= '~' ? path.data[i] : '?';
}

/* "127.0.0.1", "[::1]" */
static void take_client(const struct net_addr *addr, char out[REFUSED_CLIENT])
{
	char text[NET_ADDR_STRLEN], *colon;

	net_addr_format(addr, text);
	colon = strrchr(text, ':');
	if (colon)
		*colon = '\0';
	memset(out, 0, REFUSED_CLIENT);
	memcpy(out, text, strnlen(text, REFUSED_CLIENT - 1));
}

static bool is_same(const struct refused_request *a, const struct refused_request *b)
{
	return a->method == b->method && a->refusal == b->refusal &&
	       strcmp(a->path, b->path) == 0 && strcmp(a->client, b->client) == 0 &&
	       strcmp(a->token, b->token) == 0;
}

static bool is_forgotten(const struct refused_request *q, uint64_t now_us)
{
	return now_us > q->last_us && now_us - q->last_us > REFUSED_FORGET_US;
}

/* Which entry the new one takes: a free one, one that is forgotten, or the least frequent. */
static unsigned find_room(struct refused *r, uint64_t now_us)
{
	unsigned least = 0;

	if (r->n < REFUSED_MOST)
		return r->n++;
	for (unsigned i = 0; i < REFUSED_MOST; i++) {
		const struct refused_request *q = &r->own[i], *l = &r->own[least];

		if (is_forgotten(q, now_us))
			return i;
		if (q->count < l->count || (q->count == l->count && q->last_us < l->last_us))
			least = i;
	}
	return least;
}

void refused_note(struct refused *r, const struct refused_who *who, struct http_slice path,
		  enum refusal refusal, uint64_t now_us)
{
	struct refused_request q = { .method = who->method, .refusal = refusal, .last_us = now_us };
	unsigned i = 0;

	take_path(path, q.path);
	take_client(who->client, q.client);
	if (who->token)
		memcpy(q.token, who->token, strnlen(who->token, REFUSED_TOKEN - 1));
	while (i < r->n && !is_same(&r->own[i], &q))
		i++;
	if (i < r->n)
		q.count = r->own[i].count;
	else
		i = find_room(r, now_us);
	q.count++;
	r->own[i] = q;
	show(r, i);
}

unsigned refused_read(const struct refused *r, uint64_t now_us,
		      struct refused_request out[REFUSED_MOST])
{
	unsigned n = 0;

	for (unsigned i = 0; i < REFUSED_MOST; i++)
		if (read_entry(r, i, &out[n]) && !is_forgotten(&out[n], now_us))
			n++;
	return n;
}

const char *refused_advice(enum refusal refusal)
{
	switch ((int)refusal) {
	case REFUSAL_UNAUTHORIZED:
	case REFUSAL_WRONG_TOKENS:
		return "Give the agent the token of ingest-token: Authorization: Bearer TOKEN.";
	case HTTP_BODY_TOO_LARGE:
		return "Let the agent send smaller packets, or raise max-body.";
	case HTTP_HEADER_TOO_LARGE:
		return "Let the agent send fewer header fields, or raise max-header.";
	case HTTP_SPOKE_TLS:
		return "Give the agent an http:// URL, or put a balancer that ends TLS in front.";
	case HTTP_SPOKE_PROXY:
		return "Add the balancer's address to trusted-proxy.";
	case REFUSAL_HEAD_TIMEOUT:
	case REFUSAL_BODY_TIMEOUT:
	case REFUSAL_INCOMPLETE:
		return "Look at the network between agent and node, or raise header-timeout or "
		       "body-timeout.";
	default:
		return refusal_info(refusal)->detail;
	}
}
