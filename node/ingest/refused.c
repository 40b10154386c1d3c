#include "node/ingest/refused.h"

#include <assert.h>
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
	assert(i < REFUSED_MOST);
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

/* clang-format off */
static const char *const advice[REFUSALS] = {
	[HTTP_BAD_REQUEST_LINE] = "Let the agent speak HTTP/1.1 to this port, or give it the port of its own protocol.",
	[HTTP_SPOKE_TLS] = "Give the agent an http:// URL, or the port of listen-tls.",
	[HTTP_SPOKE_HTTP2] = "Let the agent begin its connection with HTTP/2, or switch it off there.",
	[HTTP_SPOKE_MSGPACK] = "Give the agent the port of forward-listen, or switch it to its HTTP output.",
	[HTTP_SPOKE_PROXY] = "Add the balancer's address to trusted-proxy.",
	[HTTP_BAD_HEADER] = "Look at the header fields that the agent or a proxy before the node adds: one is malformed or repeated.",
	[HTTP_BAD_HOST] = "Let the agent or the proxy before the node send exactly one Host field.",
	[HTTP_BAD_LENGTH] = "Let the agent or the proxy before the node send one decimal Content-Length.",
	[HTTP_LENGTH_AND_CHUNKED] = "Let the agent or the proxy before the node send Content-Length or Transfer-Encoding, not both.",
	[HTTP_BAD_CHUNK] = "Look at the proxy before the node, or let the agent send Content-Length instead of chunks.",
	[HTTP_HEADER_TOO_LARGE] = "Let the agent send fewer header fields, or raise max-header.",
	[HTTP_BODY_TOO_LARGE] = "Let the agent send smaller packets, or raise max-body.",
	[HTTP_LENGTH_REQUIRED] = "Let the agent send Content-Length or a chunked body.",
	[HTTP_UNKNOWN_EXPECTATION] = "Let the agent send no Expect field, or Expect: 100-continue.",
	[HTTP_UNKNOWN_ENCODING] = "Let the agent send Transfer-Encoding: chunked, or none. Compression belongs into Content-Encoding.",
	[HTTP_UNKNOWN_METHOD] = "Let the agent send its packets with POST.",
	[HTTP_UNKNOWN_VERSION] = "Let the agent speak HTTP/1.1.",
	[REFUSAL_BAD_JSON] = "Let the agent send one JSON document in UTF-8, or give it the path of the format that it sends.",
	[REFUSAL_NOT_A_PACKET] = "Let the agent send a JSON object or an array of them, or give it the path of the format that it sends.",
	[REFUSAL_NO_MESSAGES] = "Let the agent send only packets that have messages.",
	[REFUSAL_SPOKE_PLAIN] = "Give the agent an https:// URL, or the port of listen.",
	[REFUSAL_UNAUTHORIZED] = "Give the agent the token of ingest-token, or one of ingest-tokens: Authorization: Bearer TOKEN.",
	[REFUSAL_WRONG_TOKENS] = "Give the agent the token of ingest-token, or one of ingest-tokens: Authorization: Bearer TOKEN.",
	[REFUSAL_NOT_FOUND] = "Correct the path in the agent: POST /ingest, /v1/ingest, /logs or /message/send, or the path of its format.",
	[REFUSAL_METHOD_NOT_ALLOWED] = "Let the agent send its packets with POST, or correct its path.",
	[REFUSAL_INCOMPLETE] = "Look at the network between agent and node, or raise the time limit of the agent for a request.",
	[REFUSAL_HEAD_TIMEOUT] = "Look at the network between agent and node, or raise header-timeout.",
	[REFUSAL_BODY_TIMEOUT] = "Look at the network between agent and node, or raise body-timeout.",
	[REFUSAL_MEDIA_TYPE] = "Correct Content-Type in the agent, or give it the path of the format that it sends.",
	[REFUSAL_CONTENT_ENCODING] = "Switch the agent's compression to gzip, deflate, zstd or snappy, or switch it off.",
	[REFUSAL_BAD_ENCODING] = "Let Content-Encoding in the agent name the compression that it uses, or switch compression off.",
	[REFUSAL_EXPANDS] = "Switch compression off in the agent, or let it send smaller packets.",
	[REFUSAL_BAD_FORMAT] = "Give the agent the path of the format that it sends, or correct its Content-Type.",
	[REFUSAL_ACKS_ARE_OFF] = "Switch indexer acknowledgement off in the agent.",
	[REFUSAL_GRPC_HTTP] = "Let the agent speak gRPC over HTTP/2, without a proxy that makes HTTP/1.1 of it, or use its OTLP over HTTP at /v1/logs.",
	[REFUSAL_GRPC_FRAME] = "Look at the proxy between agent and node: the message of the call is cut off, or there are several.",
	[REFUSAL_GRPC_ENCODING] = "Switch the agent's compression to gzip, or switch it off.",
	[REFUSAL_UNKNOWN_CALL] = "Send only logs to Weir: give traces, metrics and other services another endpoint.",
	[REFUSAL_UNKNOWN_SERVICE] = "Ask for the health of the service \"\", or of opentelemetry.proto.collector.logs.v1.LogsService.",
	[REFUSAL_DEADLINE] = "Raise the timeout of the agent, or set ack-within below it. The agent sends again.",
	[REFUSAL_FORMAT] = "Add the agent's format to formats, or switch the agent to a format that is there.",
	[REFUSAL_LOOP] = "Look at the analyzers of the pool: one of them sends packets back to it.",
	[REFUSAL_TOO_MANY_HOPS] = "Look at the analyzers of the pools: they send packets on in a circle, or through more than 8 pools.",
	[REFUSAL_NO_ANALYZER] = "Start or enable an analyzer, and see weirctl status. The agent sends again.",
	[REFUSAL_SPILL_AWAY] = "Start or enable an analyzer, or bring Redis back. The agent sends again.",
	[REFUSAL_SPILL_SLOW] = "Start or enable an analyzer, or find out why Redis is slow. The agent sends again.",
	[REFUSAL_SPILL_REFUSED] = "Start or enable an analyzer, or look in the log of the node why Redis refuses to write. The agent sends again.",
	[REFUSAL_SPILL_REPLICAS] = "Start or enable an analyzer, bring the replicas of Redis back, or lower spill-min-replicas. The agent sends again.",
	[REFUSAL_SPILL_FULL] = "Start or enable an analyzer, or raise spill-max-bytes. The agent sends again.",
	[REFUSAL_DEAD_AWAY] = "Bring Redis back, so that dead letters can be kept. The agent sends again.",
	[REFUSAL_DEAD_SLOW] = "Find out why Redis is slow, so that dead letters can be kept. The agent sends again.",
	[REFUSAL_DEAD_REFUSED] = "Look in the log of the node why Redis refuses to write. The agent sends again.",
	[REFUSAL_DEAD_FULL] = "Replay or purge dead letters (weirctl dead list). The agent sends again.",
	[REFUSAL_NO_MEMORY] = "Raise memory-max, or add a node or a faster analyzer. The agent sends again.",
	[REFUSAL_TOO_MANY_CONNECTIONS] = "Raise max-connections, add a node, or let agents keep fewer connections.",
	[REFUSAL_TOO_MANY_FROM_ADDRESS] = "Raise max-connections-per-address, or let the agents at this address keep fewer connections.",
	[REFUSAL_TOO_MANY_WATCHES] = "Let fewer clients watch the health of the node, or add a node.",
	[REFUSAL_SHUTTING_DOWN] = "Nothing is to be changed where agents have several nodes: give the agent a balancer or a second URL.",
};
/* clang-format on */

const char *refused_advice(enum refusal refusal)
{
	assert(refusal < REFUSALS);
	return advice[refusal];
}
