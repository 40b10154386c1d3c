/* A front that speaks TLS, against a client by OpenSSL whose socket blocks. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/front/front.h"
#include "common/tls/tls_context.h"
#include "t/unit/certs.h"
#include "t/unit/common/front/other_end.h"

#define PATIENCE_S 20
#define LARGE_BYTES (4u << 20) /* more than the kernel takes of an answer */

/* Answers "/large" with many bytes, and each other request with its path. */
struct side {
	struct certs certs;
	char cert[256], key[256];
	struct tls_context *tls;
	struct front *front;
	struct net_addr addr;
	SSL_CTX *context;
	SSL *ssl; /* the client */
	int fd;
};

static enum front_way decide(void *arg UNUSED, struct front_request *rq UNUSED)
{
	return WAY_FIRST;
}

static void serve(void *arg UNUSED, struct front_request *rq, unsigned thread UNUSED)
{
	static char large[LARGE_BYTES];
	bool is_large = strcmp(rq->path, "/large") == 0;
	struct web_answer answer = { .status = 200,
				     .content_type = "text/plain",
				     .body = is_large ? large : rq->path,
				     .len = is_large ? LARGE_BYTES : strlen(rq->path) };

	front_send(rq, &answer);
}

static void on_closed(void *arg UNUSED, enum front_close reason UNUSED)
{
}

static void on_count(void *arg UNUSED, unsigned n UNUSED)
{
}

static int start_front(struct side *s)
{
	static const struct front_ops ops = {
		.decide = decide, .serve = serve, .on_closed = on_closed, .on_count = on_count
	};
	struct front_config config = { .name = "test",
				       .ops = &ops,
				       .n_threads = 1,
				       .n_queue = 8,
				       .max_connections = 20,
				       .max_per_address = 4,
				       .max_body_bytes = 1000,
				       .max_held_bytes = 12000,
				       .tls = s->tls,
				       .request_us = 60 * US_PER_S,
				       .idle_us = 60 * US_PER_S };

	if (net_addr_parse(&s->addr, "127.0.0.1:0") != 0)
		return -1;
	return front_new(&config, &(struct front_port){ .addr = &s->addr, .is_tls = true }, 1,
			 &s->front);
}

static void greet(struct side *s)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int));
	setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(s->fd, (const struct sockaddr *)&s->addr.sa, s->addr.len), 0);
	s->context = SSL_CTX_new(TLS_client_method());
	s->ssl = SSL_new(s->context);
	SSL_set_fd(s->ssl, s->fd);
	assert_int_equal(SSL_connect(s->ssl), 1);
	/* less than a record, so that a write often gets on without a byte of its own */
	setsockopt(other_end_of(s->fd), SOL_SOCKET, SO_SNDBUF, &(int){ 1 }, sizeof(int));
}

static int start(void **state)
{
	struct side *s = calloc(1, sizeof(*s));
	const char *pem = s->cert, *key = s->key;
	struct tls_config config = {
		.role = TLS_SERVER, .certs = &pem, .n_certs = 1, .keys = &key, .n_keys = 1
	};
	char why[TLS_WHY_SIZE];

	*state = s;
	certs_init(&s->certs);
	certs_write(&s->certs, "a", &(struct cert_spec){ .cn = "a", .names = "IP:127.0.0.1" });
	snprintf(s->cert, sizeof(s->cert), "%s", certs_path(&s->certs, "a.pem"));
	snprintf(s->key, sizeof(s->key), "%s", certs_path(&s->certs, "a.key"));
	if (tls_context_new(&config, &s->tls, why) != 0 || start_front(s) != 0)
		return -1;
	greet(s);
	return 0;
}

static int stop(void **state)
{
	struct side *s = *state;

	SSL_free(s->ssl);
	SSL_CTX_free(s->context);
	close(s->fd);
	front_free(s->front);
	tls_context_free(s->tls);
	certs_deinit(&s->certs);
	free(s);
	return 0;
}

static void ask(struct side *s, const char *path)
{
	char request[64];
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);

	assert_int_equal(SSL_write(s->ssl, request, len), len);
}

/* An answer has begun, and its end is far away. */
static void ask_for_much(struct side *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	char byte;

	ask(s, "/large");
	assert_int_equal(SSL_peek(s->ssl, &byte, 1), 1);
	assert_int_equal(poll(&pfd, 1, PATIENCE_S * 1000), 1);
}

/* Reads that many bytes of the body of an answer. */
static void hear(struct side *s, char *body, size_t len)
{
	char head[512];
	size_t n = 0;
	int n_read;

	do {
		assert_true(n < sizeof(head) - 1);
		assert_int_equal(SSL_read(s->ssl, head + n, 1), 1);
		head[++n] = '\0';
	} while (!strstr(head, "\r\n\r\n"));
	for (n = 0; n < len; n += (size_t)n_read) {
		n_read = SSL_read(s->ssl, body + n, (int)(len - n));
		assert_true(n_read > 0);
	}
}

static char body[LARGE_BYTES];

static void a_request_behind_a_large_answer_is_served(void **state)
{
	struct side *s = *state;

	ask_for_much(s);
	ask(s, "/next");
	hear(s, body, LARGE_BYTES);
	hear(s, body, 5);
	assert_memory_equal(body, "/next", 5);
}

static void a_client_that_will_say_no_more_gets_all_of_its_answer(void **state)
{
	struct side *s = *state;

	ask_for_much(s);
	assert_int_equal(SSL_shutdown(s->ssl), 0);
	hear(s, body, LARGE_BYTES);
	assert_int_equal(SSL_read(s->ssl, body, 1), 0);
}

static void cork(struct side *s, int is_corked)
{
	setsockopt(s->fd, IPPROTO_TCP, TCP_CORK, &is_corked, sizeof(is_corked));
}

static void an_end_that_comes_with_its_request_is_seen(void **state)
{
	struct side *s = *state;

	cork(s, 1);
	ask(s, "/a");
	assert_int_equal(SSL_shutdown(s->ssl), 0);
	cork(s, 0);
	hear(s, body, 2);
	assert_int_equal(SSL_read(s->ssl, body, 1), 0);
	assert_int_equal(SSL_get_shutdown(s->ssl), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

/* They come together, so that OpenSSL has read all of them before the first is looked at. */
static void a_request_in_many_small_records_is_answered(void **state)
{
	char request[400], body[2], *bytes;
	struct side *s = *state;
	BIO *bio = BIO_new(BIO_s_mem());
	int len = snprintf(request, sizeof(request), "GET /a HTTP/1.1\r\nHost: %0300d\r\n\r\n", 1);
	long n;

	SSL_set0_wbio(s->ssl, bio);
	for (int i = 0; i < len; i++)
		assert_int_equal(SSL_write(s->ssl, request + i, 1), 1);
	n = BIO_get_mem_data(bio, &bytes);
	assert_int_equal(send(s->fd, bytes, (size_t)n, 0), n);
	hear(s, body, sizeof(body));
	assert_memory_equal(body, "/a", sizeof(body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_behind_a_large_answer_is_served),
		TEST(an_end_that_comes_with_its_request_is_seen),
		TEST(a_client_that_will_say_no_more_gets_all_of_its_answer),
		TEST(a_request_in_many_small_records_is_answered),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
