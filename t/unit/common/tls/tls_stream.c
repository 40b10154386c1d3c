#include "common/tls/tls_stream.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "t/unit/certs.h"

/* Both ends of a connection, in one thread: nothing blocks. */
struct ends {
	int fds[2];
	struct tls_context *contexts[2];
	struct tls_stream *server, *client;
};

static struct certs certs;
static char files[8][256];

static const char *file(unsigned at, const char *name)
{
	snprintf(files[at], sizeof(files[at]), "%s", certs_path(&certs, name));
	return files[at];
}

static int set_up(void **state)
{
	(void)state;
	certs_init(&certs);
	certs_write(&certs, "a",
		    &(struct cert_spec){ .cn = "a", .names = "DNS:a.example,IP:127.0.0.1" });
	certs_write(&certs, "b", &(struct cert_spec){ .cn = "b", .names = "DNS:*.b.example" });
	certs_write(&certs, "agent", &(struct cert_spec){ .cn = "agent-7" });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	certs_deinit(&certs);
	return 0;
}

static struct tls_config server_config(void)
{
	static const char *pems[2], *keys[2];

	pems[0] = file(0, "a.pem");
	keys[0] = file(1, "a.key");
	pems[1] = file(2, "b.pem");
	keys[1] = file(3, "b.key");
	return (struct tls_config){ .role = TLS_SERVER,
				    .certs = pems,
				    .n_certs = 2,
				    .keys = keys,
				    .n_keys = 2,
				    .alpn = "http/1.1" };
}

static struct tls_config client_config(const char *cert)
{
	static const char *pem, *key;
	char name[64];

	if (cert) {
		snprintf(name, sizeof(name), "%s.pem", cert);
		pem = file(4, name);
		snprintf(name, sizeof(name), "%s.key", cert);
		key = file(5, name);
	}
	return (struct tls_config){ .role = TLS_CLIENT,
				    .certs = &pem,
				    .n_certs = cert ? 1 : 0,
				    .keys = &key,
				    .n_keys = cert ? 1 : 0,
				    .ca = file(6, "ca.pem"),
				    .alpn = "http/1.1" };
}

static void open_ends(struct ends *e, const struct tls_config *server,
		      const struct tls_config *client, const char *host)
{
	char why[TLS_WHY_SIZE] = "";

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fds), 0);
	if (tls_context_new(server, &e->contexts[0], why) != 0 ||
	    tls_context_new(client, &e->contexts[1], why) != 0)
		fail_msg("%s", why);
	e->server = tls_stream_accept(e->contexts[0], e->fds[0]);
	e->client = tls_stream_connect(e->contexts[1], e->fds[1], host);
	assert_non_null(e->server);
	assert_non_null(e->client);
}

static void close_ends(struct ends *e)
{
	tls_stream_free(e->server);
	tls_stream_free(e->client);
	for (unsigned i = 0; i < 2; i++) {
		tls_context_free(e->contexts[i]);
		close(e->fds[i]);
	}
}

/* Each side goes on until it is done or has failed. */
static void greet(struct ends *e, int *serverp, int *clientp)
{
	*serverp = *clientp = TLS_STREAM_AGAIN;
	for (int i = 0; i < 20; i++) {
		if (*clientp == TLS_STREAM_AGAIN)
			*clientp = tls_stream_greet(e->client);
		if (*serverp == TLS_STREAM_AGAIN)
			*serverp = tls_stream_greet(e->server);
	}
}

static void greet_well(struct ends *e)
{
	int server, client;

	greet(e, &server, &client);
	if (server || client)
		fail_msg("server: %s; client: %s", tls_stream_why(e->server),
			 tls_stream_why(e->client));
}

static void open_well(struct ends *e, const char *host)
{
	struct tls_config server = server_config(), client = client_config(NULL);

	open_ends(e, &server, &client, host);
	greet_well(e);
}

static void a_port_may_agree_on_no_protocol(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	struct ends e;

	(void)state;
	open_ends(&e, &server, &client, "a.example");
	tls_stream_forgo_alpn(e.server);
	greet_well(&e);
	assert_string_equal(tls_stream_protocol(e.server), "");
	close_ends(&e);
}

static void bytes_go_both_ways_and_the_end_is_seen(void **state)
{
	struct ends e;
	char got[64];

	(void)state;
	open_well(&e, "a.example");
	assert_string_equal(tls_stream_protocol(e.server), "http/1.1");
	assert_string_equal(tls_stream_protocol(e.client), "http/1.1");
	assert_string_equal(tls_stream_peer(e.client), "a");
	assert_string_equal(tls_stream_peer(e.server), "");
	assert_int_equal(tls_stream_write(e.client, "hello", 5), 5);
	assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(tls_stream_write(e.server, "world", 5), 5);
	assert_int_equal(tls_stream_read(e.client, got, sizeof(got)), 5);
	tls_stream_end(e.server);
	assert_int_equal(tls_stream_read(e.client, got, sizeof(got)), 0);
	close_ends(&e);
}

static void what_was_read_ahead_is_told_of(void **state)
{
	struct ends e;
	char got[8];

	(void)state;
	open_well(&e, "a.example");
	assert_int_equal(tls_stream_write(e.client, "0123456789ab", 12), 12);
	assert_int_equal(tls_stream_read(e.server, got, 8), 8);
	assert_true(tls_stream_has_more(e.server));
	assert_int_equal(tls_stream_read(e.server, got, 8), 4);
	assert_false(tls_stream_has_more(e.server));
	close_ends(&e);
}

static void a_write_does_not_change_what_is_told_of_reads(void **state)
{
	static char much[4 << 20];
	struct ends e;
	char got[8];

	(void)state;
	open_well(&e, "a.example");
	assert_int_equal(tls_stream_write(e.client, "0123456789ab", 12), 12);
	assert_int_equal(tls_stream_read(e.server, got, 8), 8);
	while (tls_stream_write(e.server, much, sizeof(much)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_true(tls_stream_has_more(e.server));
	assert_false(tls_stream_wants_write(e.server));
	close_ends(&e);
}

static void the_end_that_was_read_ahead_is_told_of(void **state)
{
	struct ends e;
	char got[8];

	(void)state;
	open_well(&e, "a.example");
	assert_int_equal(tls_stream_write(e.client, "abcd", 4), 4);
	tls_stream_end(e.client);
	assert_int_equal(tls_stream_read(e.server, got, 8), 4);
	assert_true(tls_stream_has_more(e.server));
	assert_int_equal(tls_stream_read(e.server, got, 8), 0);
	assert_false(tls_stream_has_more(e.server));
	close_ends(&e);
}

static void several_records_are_read_together(void **state)
{
	char got[64];
	struct ends e;

	(void)state;
	open_well(&e, "a.example");
	for (int i = 0; i < 3; i++)
		assert_int_equal(tls_stream_write(e.client, "abcd", 4), 4);
	assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), 12);
	close_ends(&e);
}

static void a_write_that_the_socket_does_not_take_goes_on_where_it_was(void **state)
{
	enum { SIZE = 4 << 20 };
	static unsigned char sent[SIZE], got[SIZE];
	size_t n_sent = 0, n_got = 0, n_waits = 0;
	struct ends e;

	(void)state;
	open_well(&e, "a.example");
	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (unsigned char)(i * 31 >> 3);
	while (n_got < SIZE) {
		struct iovec parts[] = { { sent + n_sent, n_sent < 3 ? 3 - n_sent : 0 },
					 { sent + (n_sent < 3 ? 3 : n_sent),
					   SIZE - (n_sent < 3 ? 3 : n_sent) } };
		ssize_t n = n_sent < SIZE ? tls_stream_writev(e.client, parts + (n_sent >= 3),
							      n_sent < 3 ? 2 : 1)
					  : 0;

		assert_true(n >= 0 || errno == EAGAIN);
		n_sent += n > 0 ? (size_t)n : 0;
		if (n > 0)
			continue;
		assert_false(tls_stream_wants_write(e.client)); /* no read waits for that */
		n_waits++;
		while ((n = tls_stream_read(e.server, got + n_got, SIZE - n_got)) > 0)
			n_got += (size_t)n;
	}
	assert_true(n_waits > 1);
	assert_memory_equal(sent, got, SIZE);
	close_ends(&e);
}

static void the_name_that_is_asked_for_chooses_the_certificate(void **state)
{
	static const char *const hosts[][2] = { { "a.example", "a" },
						{ "x.b.example", "b" },
						{ "127.0.0.1", "a" } };
	struct ends e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		open_well(&e, hosts[i][0]);
		assert_string_equal(tls_stream_peer(e.client), hosts[i][1]);
		close_ends(&e);
	}
}

/* What the client says of a server that it refuses. */
static void assert_refused(const struct tls_config *server, const struct tls_config *client,
			   const char *host, const char *part)
{
	int s, c;
	struct ends e;

	open_ends(&e, server, client, host);
	greet(&e, &s, &c);
	assert_int_equal(c, TLS_STREAM_FAILED);
	if (!strstr(tls_stream_why(e.client), part))
		fail_msg("\"%s\" is not in \"%s\"", part, tls_stream_why(e.client));
	close_ends(&e);
}

static void a_client_believes_the_right_host_of_a_known_authority_alone(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	struct ends e = { 0 };
	char why[TLS_WHY_SIZE];
	int s, c;
	const char *pem = file(4, "old.pem"), *key = file(5, "old.key");

	(void)state;
	assert_refused(&server, &client, "other.example", "hostname mismatch");
	assert_refused(&server, &client, "127.0.0.2", "IP address mismatch");
	client.ca = NULL;
	assert_refused(&server, &client, "a.example", "unable to get local issuer");
	client.ca = file(6, "ca.pem");
	certs_write(&certs, "old",
		    &(struct cert_spec){ .names = "DNS:a.example", .from_s = -99, .until_s = -9 });
	server.certs = &pem;
	server.keys = &key;
	server.n_certs = server.n_keys = 1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e.fds), 0);
	assert_int_equal(tls_context_new(&server, &e.contexts[0], why), TLS_E_EXPIRED);
	assert_int_equal(tls_context_new(&client, &e.contexts[1], why), 0);
	e.server = tls_stream_accept(e.contexts[0], e.fds[0]);
	e.client = tls_stream_connect(e.contexts[1], e.fds[1], "a.example");
	greet(&e, &s, &c);
	assert_non_null(strstr(tls_stream_why(e.client), "certificate has expired"));
	close_ends(&e);
}

/* The server's word on a client; NULL: it is served. */
static void assert_client(const char *cert, enum tls_verify verify, const char *crl,
			  const char *why, const char *name)
{
	struct tls_config server = server_config(), client = client_config(cert);
	struct ends e;
	int s, c;

	server.ca = file(6, "ca.pem");
	server.verify = verify;
	server.crl = crl ? file(7, crl) : NULL;
	open_ends(&e, &server, &client, "a.example");
	greet(&e, &s, &c);
	if (!why && s != 0)
		fail_msg("%s", tls_stream_why(e.server));
	if (why && (s != TLS_STREAM_FAILED || !strstr(tls_stream_why(e.server), why)))
		fail_msg("%d: \"%s\" is not in \"%s\"", s, why, tls_stream_why(e.server));
	if (!why)
		assert_string_equal(tls_stream_peer(e.server), name);
	close_ends(&e);
}

static void a_server_asks_its_clients_who_they_are(void **state)
{
	struct certs others = certs;

	(void)state;
	assert_client("agent", TLS_VERIFY_REQUIRED, NULL, NULL, "agent-7");
	assert_client("agent", TLS_VERIFY_OPTIONAL, NULL, NULL, "agent-7");
	assert_client(NULL, TLS_VERIFY_OPTIONAL, NULL, NULL, "");
	assert_client(NULL, TLS_VERIFY_REQUIRED, NULL, "did not return a certificate", NULL);
	certs_revoke(&certs, "none.crl", 0);
	certs_revoke(&certs, "agent.crl", 4); /* the authority is 1, then a, b, agent */
	assert_client("agent", TLS_VERIFY_REQUIRED, "none.crl", NULL, "agent-7");
	assert_client("agent", TLS_VERIFY_REQUIRED, "agent.crl", "certificate revoked", NULL);
	assert_client("agent", TLS_VERIFY_OPTIONAL, "agent.crl", "certificate revoked", NULL);
	certs_init(&others);
	certs_write(&others, "foreign", &(struct cert_spec){ .cn = "agent-7" });
	assert_int_equal(
		rename(certs_path(&others, "foreign.pem"), certs_path(&certs, "foreign.pem")), 0);
	assert_int_equal(
		rename(certs_path(&others, "foreign.key"), certs_path(&certs, "foreign.key")), 0);
	assert_client("foreign", TLS_VERIFY_OPTIONAL, NULL, "its certificate is refused", NULL);
	certs_deinit(&others);
}

static void what_is_no_tls_fails(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	struct ends e;

	(void)state;
	open_ends(&e, &server, &client, "a.example");
	assert_int_equal(write(e.fds[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
	assert_int_equal(tls_stream_greet(e.server), TLS_STREAM_FAILED);
	assert_non_null(strstr(tls_stream_why(e.server), "http request"));
	close_ends(&e);
}

static void the_least_version_is_kept(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	SSL_CTX *old = SSL_CTX_new(TLS_client_method());
	struct ends e;
	SSL *ssl;

	(void)state;
	server.min = TLS_MIN_1_3;
	open_ends(&e, &server, &client, "a.example");
	SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
	ssl = SSL_new(old);
	SSL_set_fd(ssl, e.fds[1]);
	assert_int_equal(SSL_connect(ssl), -1);
	assert_int_equal(tls_stream_greet(e.server), TLS_STREAM_FAILED);
	assert_non_null(strstr(tls_stream_why(e.server), "unsupported protocol"));
	SSL_free(ssl);
	SSL_CTX_free(old);
	close_ends(&e);
}

/* A client by OpenSSL itself, whose ClientHello has *n_morep bytes more. */
static int on_ext(SSL *ssl UNUSED, unsigned type UNUSED, unsigned context UNUSED,
		  const unsigned char **outp, size_t *lenp, X509 *cert UNUSED, size_t i UNUSED,
		  int *alert UNUSED, void *n_morep)
{
	static const unsigned char bytes[20000];

	*outp = bytes;
	*lenp = *(size_t *)n_morep;
	return *lenp > 0;
}

static SSL *new_client(int max_version, size_t *n_morep)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_max_proto_version(context, max_version);
	assert_int_equal(SSL_CTX_add_custom_ext(context, 4711, SSL_EXT_CLIENT_HELLO, on_ext, NULL,
						n_morep, NULL, NULL),
			 1);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	assert_non_null(ssl);
	return ssl;
}

/* The records that a client would send now. */
static size_t write_records(SSL *ssl, const struct ends *e, unsigned char **bytesp)
{
	BIO *bio = BIO_new(BIO_s_mem());

	SSL_set_fd(ssl, e->fds[1]);
	SSL_set0_wbio(ssl, bio);
	assert_int_equal(SSL_do_handshake(ssl), -1);
	return (size_t)BIO_get_mem_data(bio, bytesp);
}

static void say(struct ends *e, const unsigned char *bytes, size_t len)
{
	assert_int_equal(write(e->fds[1], bytes, len), (ssize_t)len);
}

static void greet_as(SSL *ssl, struct ends *e)
{
	int client = -1, server = TLS_STREAM_AGAIN;

	SSL_set_fd(ssl, e->fds[1]);
	for (int i = 0; i < 20; i++) {
		if (client != 1)
			client = SSL_connect(ssl);
		if (server == TLS_STREAM_AGAIN)
			server = tls_stream_greet(e->server);
	}
	assert_int_equal(client, 1);
	assert_int_equal(server, 0);
}

/* The first record of a ClientHello that has more. */
static void begin_anew(SSL *ssl, struct ends *e, size_t *n_morep)
{
	unsigned char *bytes;

	*n_morep = 20000;
	assert_int_equal(SSL_renegotiate(ssl), 1);
	assert_true(write_records(ssl, e, &bytes) > *n_morep);
	say(e, bytes, 5 + ((size_t)bytes[3] << 8 | bytes[4]));
}

/* OpenSSL would keep room for the whole of it, and would neither read nor write. */
static void a_client_that_begins_to_greet_anew_and_stops_has_failed(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	char got[100];

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t n_more = 0;
		SSL *ssl = new_client(TLS1_2_VERSION, &n_more);
		struct ends e;

		open_ends(&e, &server, &client, "a.example");
		greet_as(ssl, &e);
		assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), -1);
		assert_int_equal(errno, EAGAIN);
		if (i == 1) /* what it has said before is of no use: it could not be answered */
			assert_int_equal(SSL_write(ssl, "GET", 3), 3);
		begin_anew(ssl, &e, &n_more);
		assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), -1);
		assert_int_equal(errno, EPROTO);
		assert_string_equal(tls_stream_why(e.server),
				    "it stops within a message of the handshake");
		assert_int_equal(tls_stream_write(e.server, "200", 3), -1);
		assert_int_equal(errno, EPROTO);
		SSL_free(ssl);
		close_ends(&e);
	}
}

/* A client of TLS 1.3 that has greeted. */
static SSL *greet_as_1_3(struct ends *e)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	static size_t n_more;
	SSL *ssl = new_client(TLS1_3_VERSION, &n_more);

	open_ends(e, &server, &client, "a.example");
	greet_as(ssl, e);
	return ssl;
}

static void renew_keys(SSL *ssl, int is_answer_wanted)
{
	assert_int_equal(SSL_key_update(ssl, is_answer_wanted), 1);
	assert_int_equal(SSL_do_handshake(ssl), 1);
}

/* A read of OpenSSL would go on for as long as they come. */
static void a_client_that_renews_its_keys_without_end_has_failed(void **state)
{
	struct ends e;
	SSL *ssl = greet_as_1_3(&e);
	static char bytes[16 << 10], got[sizeof(bytes)];
	unsigned n_keys = 0;

	(void)state;
	for (int i = 0; i < 100; i++) { /* few of them, for many bytes */
		renew_keys(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		assert_int_equal(SSL_write(ssl, bytes, sizeof(bytes)), sizeof(bytes));
		assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), sizeof(got));
	}
	do {
		renew_keys(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		assert_int_equal(SSL_write(ssl, "x", 1), 1);
	} while (tls_stream_read(e.server, got, sizeof(got)) == 1 && ++n_keys < 100);
	assert_in_range(n_keys, 20, 40);
	assert_int_equal(errno, EPROTO);
	assert_string_equal(tls_stream_why(e.server),
			    "it sends too many messages of the handshake");
	SSL_free(ssl);
	close_ends(&e);
	ssl = greet_as_1_3(&e);
	for (int i = 0; i < 40; i++)
		renew_keys(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
	assert_int_equal(SSL_write(ssl, "x", 1), 1);
	assert_int_equal(tls_stream_read(e.server, got, sizeof(got)), -1);
	assert_int_equal(errno, EPROTO);
	SSL_free(ssl);
	close_ends(&e);
}

/* The answers stay in the socket until it is full. It could not be read any more, though bytes are there. */
static void a_client_that_asks_for_keys_and_does_not_read_has_failed(void **state)
{
	static char bytes[16 << 10], got[sizeof(bytes)];
	struct ends e;
	SSL *ssl = greet_as_1_3(&e);
	ssize_t n = sizeof(got);

	(void)state;
	for (int i = 0; i < 10000 && n == sizeof(got); i++) {
		renew_keys(ssl, SSL_KEY_UPDATE_REQUESTED);
		assert_int_equal(SSL_write(ssl, bytes, sizeof(bytes)), sizeof(bytes));
		n = tls_stream_read(e.server, got, sizeof(got));
	}
	assert_int_equal(n, -1);
	assert_int_equal(errno, EPROTO);
	assert_string_equal(tls_stream_why(e.server), "it asks for new keys, and does not read");
	SSL_free(ssl);
	close_ends(&e);
}

static void small_records_are_read_in_several_calls(void **state)
{
	struct ends e;
	SSL *ssl = greet_as_1_3(&e);
	char got[2000];
	ssize_t n, n_all = 0, n_said = 0;

	(void)state;
	assert_int_equal(setsockopt(e.fds[1], SOL_SOCKET, SO_SNDBUF, &(int){ 200000 }, sizeof(int)),
			 0);
	while (n_said < 600 && SSL_write(ssl, "x", 1) == 1)
		n_said++;
	assert_true(n_said > 300);
	while ((n = tls_stream_read(e.server, got, sizeof(got))) > 0) {
		assert_in_range(n, 1, 256);
		n_all += n;
		if (n_all < n_said)
			assert_true(tls_stream_has_more(e.server));
	}
	assert_int_equal(n_all, n_said);
	SSL_free(ssl);
	close_ends(&e);
}

static void a_client_hello_of_16_kib_is_too_long(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	unsigned char *bytes;
	size_t n_more = 10000, len; /* those of the newest OpenSSL have a key of 1216 bytes */
	struct ends e;
	SSL *ssl;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ssl = new_client(TLS1_3_VERSION, &n_more);
		SSL_set_connect_state(ssl);
		open_ends(&e, &server, &client, "a.example");
		len = write_records(ssl, &e, &bytes);
		say(&e, bytes, len);
		assert_int_equal(tls_stream_greet(e.server),
				 i ? TLS_STREAM_FAILED : TLS_STREAM_AGAIN);
		assert_string_equal(tls_stream_why(e.server),
				    i ? "its ClientHello is too long" : "closed");
		SSL_free(ssl);
		close_ends(&e);
		n_more = 17000;
	}
}

/* Its first bytes in a record, and the others in another one. */
static void a_client_hello_may_come_in_pieces(void **state)
{
	struct tls_config server = server_config(), client = client_config(NULL);
	unsigned char *bytes, head[5] = { 0x16, 3, 1, 0, 10 };
	size_t n_more = 0, len;
	SSL *ssl = new_client(TLS1_3_VERSION, &n_more);
	struct ends e;

	(void)state;
	SSL_set_connect_state(ssl);
	open_ends(&e, &server, &client, "a.example");
	len = write_records(ssl, &e, &bytes);
	say(&e, head, sizeof(head));
	say(&e, bytes + 5, 10);
	assert_int_equal(tls_stream_greet(e.server), TLS_STREAM_AGAIN);
	head[3] = (unsigned char)((len - 15) >> 8);
	head[4] = (unsigned char)(len - 15);
	say(&e, head, sizeof(head));
	say(&e, bytes + 15, len - 15);
	greet_as(ssl, &e);
	SSL_free(ssl);
	close_ends(&e);
}

/* They say that they have 131 328 bytes, for which OpenSSL gets memory. */
static void few_client_hellos_come_in_pieces_at_once(void **state)
{
	static const unsigned char begins[] = { 0x16, 3, 1, 0, 4, 1, 2, 1, 0 };
	struct tls_config server = server_config();
	struct tls_stream *streams[TLS_IN_PIECES_MOST + 1];
	struct tls_context *context;
	char why[TLS_WHY_SIZE];
	int fds[TLS_IN_PIECES_MOST + 1][2];

	(void)state;
	assert_int_equal(tls_context_new(&server, &context, why), 0);
	for (unsigned i = 0; i < 2 * ARRAY_LEN(streams);
	     i++) { /* the first time, and when they are gone */
		unsigned at = i % ARRAY_LEN(streams);
		bool is_last = at == TLS_IN_PIECES_MOST;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds[at]), 0);
		streams[at] = tls_stream_accept(context, fds[at][0]);
		assert_int_equal(write(fds[at][1], begins, sizeof(begins)), sizeof(begins));
		assert_int_equal(tls_stream_greet(streams[at]),
				 is_last ? TLS_STREAM_FAILED : TLS_STREAM_AGAIN);
		for (unsigned k = 0; is_last && k <= at; k++) {
			assert_string_equal(
				tls_stream_why(streams[k]),
				k == at ? "its ClientHello comes in pieces, as too many do"
					: "closed");
			tls_stream_free(streams[k]);
			close(fds[k][0]);
			close(fds[k][1]);
		}
	}
	tls_context_free(context);
}

/* Writes NAME.pem and NAME.key: the client's, and behind it the authority's n times. */
static void write_chain(const char *name, unsigned n)
{
	X509 *cert = certs_make(&certs, name, &(struct cert_spec){ .cn = "agent-7" });
	char pem[64];
	FILE *file;

	X509_free(cert);
	snprintf(pem, sizeof(pem), "%s.pem", name);
	file = fopen(certs_path(&certs, pem), "a");
	assert_non_null(file);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(file, certs.ca), 1);
	assert_int_equal(fclose(file), 0);
}

static void a_client_may_have_a_chain_of_32_kib(void **state)
{
	unsigned most = (32 << 10) / (unsigned)i2d_X509(certs.ca, NULL);

	(void)state;
	write_chain("long", most / 2);
	write_chain("endless", most + 1);
	assert_client("long", TLS_VERIFY_REQUIRED, NULL, NULL, "agent-7");
	assert_client("endless", TLS_VERIFY_REQUIRED, NULL, "excessive message size", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_and_the_end_is_seen),
		cmocka_unit_test(a_port_may_agree_on_no_protocol),
		cmocka_unit_test(what_was_read_ahead_is_told_of),
		cmocka_unit_test(a_write_does_not_change_what_is_told_of_reads),
		cmocka_unit_test(the_end_that_was_read_ahead_is_told_of),
		cmocka_unit_test(several_records_are_read_together),
		cmocka_unit_test(a_write_that_the_socket_does_not_take_goes_on_where_it_was),
		cmocka_unit_test(the_name_that_is_asked_for_chooses_the_certificate),
		cmocka_unit_test(a_client_believes_the_right_host_of_a_known_authority_alone),
		cmocka_unit_test(a_server_asks_its_clients_who_they_are),
		cmocka_unit_test(a_client_may_have_a_chain_of_32_kib),
		cmocka_unit_test(what_is_no_tls_fails),
		cmocka_unit_test(a_client_that_begins_to_greet_anew_and_stops_has_failed),
		cmocka_unit_test(a_client_that_renews_its_keys_without_end_has_failed),
		cmocka_unit_test(a_client_that_asks_for_keys_and_does_not_read_has_failed),
		cmocka_unit_test(small_records_are_read_in_several_calls),
		cmocka_unit_test(a_client_hello_of_16_kib_is_too_long),
		cmocka_unit_test(a_client_hello_may_come_in_pieces),
		cmocka_unit_test(few_client_hellos_come_in_pieces_at_once),
		cmocka_unit_test(the_least_version_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tls/tls_stream", tests, set_up, tear_down);
}
