#include "t/unit/tls_relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "common/buf.h"

#define BLOCK 16384

/* [0] is the client's side, [1] the server's. */
struct tls_relay_conn {
	struct tls_relay *relay;
	unsigned at; /* of the relay's */
	int fds[2];
	struct event *events[2];
	struct buf to[2]; /* what is to be written there */
	SSL *ssl;
	bool is_connected, is_greeted;
};

static void close_conn(struct tls_relay_conn *c, bool with_reset)
{
	const struct linger at_once = { .l_onoff = 1 };

	c->relay->conns[c->at] = NULL;
	if (c->is_greeted && !with_reset)
		(void)SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	ERR_clear_error();
	for (unsigned side = 0; side < 2; side++) {
		if (c->events[side])
			event_free(c->events[side]);
		if (with_reset)
			(void)setsockopt(c->fds[side], SOL_SOCKET, SO_LINGER, &at_once,
					 sizeof(at_once));
		close(c->fds[side]);
		buf_deinit(&c->to[side]);
	}
	free(c);
}

/* 1: bytes; 0: none now; -1: the end; -2: an error. */
static int judge(struct tls_relay_conn *c, int n)
{
	int error = SSL_get_error(c->ssl, n);

	ERR_clear_error();
	if (n > 0)
		return 1;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return 0;
	return error == SSL_ERROR_ZERO_RETURN ? -1 : -2;
}

static int read_side(struct tls_relay_conn *c, unsigned side)
{
	char bytes[BLOCK];
	ssize_t n;
	int verdict;

	if (side == 0) {
		n = SSL_read(c->ssl, bytes, sizeof(bytes));
		verdict = judge(c, (int)n);
	} else {
		n = recv(c->fds[1], bytes, sizeof(bytes), MSG_DONTWAIT);
		verdict = n > 0 ? 1 : n == 0 ? -1 : errno == EAGAIN ? 0 : -2;
	}
	if (verdict > 0)
		buf_append(&c->to[!side], bytes, (size_t)n);
	return verdict;
}

static int write_side(struct tls_relay_conn *c, unsigned side)
{
	struct buf *out = &c->to[side];
	ssize_t n;
	int verdict;

	if (out->len == 0)
		return 0;
	if (side == 0) {
		n = SSL_write(c->ssl, out->data, (int)out->len);
		verdict = judge(c, (int)n);
	} else {
		n = send(c->fds[1], out->data, out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
		verdict = n > 0 ? 1 : errno == EAGAIN ? 0 : -2;
	}
	if (verdict > 0)
		buf_consume(out, (size_t)n);
	return verdict;
}

/* From one side to the other, while bytes come and are taken. As read_side. */
static int hand_on(struct tls_relay_conn *c, unsigned from)
{
	int verdict;

	do {
		verdict = write_side(c, !from);
		if (verdict == 0 && c->to[!from].len == 0)
			verdict = read_side(c, from);
	} while (verdict > 0);
	return verdict;
}

/* As read_side: 1 when it is connected. */
static int connect_server(struct tls_relay_conn *c)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(c->fds[1], SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error)
		return -2;
	len = sizeof(peer);
	c->is_connected = getpeername(c->fds[1], (struct sockaddr *)&peer, &len) == 0;
	return c->is_connected;
}

/* As read_side: 1 when it has greeted. What it says of a failure is to be read, so that is no reset. */
static int greet(struct tls_relay_conn *c)
{
	int verdict = judge(c, SSL_do_handshake(c->ssl));

	c->is_greeted = verdict == 1;
	return verdict < 0 ? -1 : verdict;
}

static int go_on(struct tls_relay_conn *c)
{
	int verdict = 1;

	if (!c->is_connected)
		verdict = connect_server(c);
	if (verdict > 0 && !c->is_greeted)
		verdict = greet(c);
	for (unsigned from = 0; from < 2 && verdict >= 0 && c->is_greeted; from++)
		verdict = hand_on(c, from);
	return verdict;
}

static void arm(struct tls_relay_conn *c)
{
	for (unsigned side = 0; side < 2; side++) {
		short what = c->to[!side].len == 0 ? EV_READ : 0;

		if (c->to[side].len || (side == 1 && !c->is_connected))
			what |= EV_WRITE;
		if (side == 0 && !c->is_connected)
			what = 0;
		event_del(c->events[side]);
		if (!what)
			continue;
		event_assign(c->events[side], c->relay->base, c->fds[side], what,
			     event_get_callback(c->events[side]), c);
		event_add(c->events[side], NULL);
	}
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct tls_relay_conn *c = arg;
	int verdict = go_on(c);

	(void)fd;
	(void)what;
	if (verdict < 0)
		close_conn(c, verdict == -2);
	else
		arm(c);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct tls_relay *r = arg;
	struct tls_relay_conn *c = calloc(1, sizeof(*c));

	(void)what;
	assert_non_null(c);
	c->relay = r;
	while (c->at < TLS_RELAY_CONNS && r->conns[c->at])
		c->at++;
	assert_true(c->at < TLS_RELAY_CONNS);
	c->fds[0] = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	assert_int_equal(net_connect(&r->to, &c->fds[1]), 0);
	c->ssl = SSL_new(r->context);
	assert_true(c->ssl && SSL_set_fd(c->ssl, c->fds[0]) == 1);
	SSL_set_accept_state(c->ssl);
	for (unsigned side = 0; side < 2; side++)
		c->events[side] = event_new(r->base, c->fds[side], 0, on_event, c);
	r->conns[c->at] = c;
	r->n_accepted++;
	arm(c);
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct tls_relay *r = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		r->alert = value & 0xff;
}

static int on_alpn(SSL *ssl, const unsigned char **outp, unsigned char *lenp,
		   const unsigned char *offered, unsigned n_offered, void *arg)
{
	const struct tls_relay *r = arg;

	(void)ssl;
	for (unsigned at = 0; r->protocol && at < n_offered; at += 1u + offered[at]) {
		*outp = offered + at + 1;
		*lenp = offered[at];
		if (*lenp == strlen(r->protocol) && memcmp(*outp, r->protocol, *lenp) == 0)
			return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

void tls_relay_init(struct tls_relay *r, struct event_base *base, const struct net_addr *to,
		    const struct certs *certs, const char *name)
{
	char file[64];
	struct net_addr addr;

	*r = (struct tls_relay){ .base = base, .to = *to };
	r->context = SSL_CTX_new(TLS_server_method());
	snprintf(file, sizeof(file), "%s.pem", name);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(r->context, certs_path(certs, file)),
			 1);
	snprintf(file, sizeof(file), "%s.key", name);
	assert_int_equal(
		SSL_CTX_use_PrivateKey_file(r->context, certs_path(certs, file), SSL_FILETYPE_PEM),
		1);
	SSL_CTX_set_alpn_select_cb(r->context, on_alpn, r);
	SSL_CTX_set_app_data(r->context, r);
	SSL_CTX_set_info_callback(r->context, on_info);
	SSL_CTX_set_options(r->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(r->context,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	assert_int_equal(net_addr_parse(&addr, "127.0.0.1:0"), 0);
	assert_int_equal(net_listen(&addr, false, 64, &r->listen_fd), 0);
	assert_int_equal(net_local_addr(r->listen_fd, &addr), 0);
	snprintf(r->https_url, sizeof(r->https_url), "https://127.0.0.1:%u/in",
		 net_addr_port(&addr));
	snprintf(r->grpcs_url, sizeof(r->grpcs_url), "grpcs://127.0.0.1:%u", net_addr_port(&addr));
	r->listening = event_new(base, r->listen_fd, EV_READ | EV_PERSIST, on_accept, r);
	event_add(r->listening, NULL);
}

void tls_relay_deinit(struct tls_relay *r)
{
	for (unsigned i = 0; i < TLS_RELAY_CONNS; i++)
		if (r->conns[i])
			close_conn(r->conns[i], false);
	event_free(r->listening);
	close(r->listen_fd);
	SSL_CTX_free(r->context);
}

void tls_relay_ask(struct tls_relay *r, const struct certs *certs)
{
	assert_int_equal(
		SSL_CTX_load_verify_locations(r->context, certs_path(certs, "ca.pem"), NULL), 1);
	SSL_CTX_set_verify(r->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

void tls_relay_age(struct tls_relay *r)
{
	SSL_CTX_set_max_proto_version(r->context, TLS1_2_VERSION);
}

void tls_relay_greet_again(struct tls_relay *r)
{
	for (unsigned i = 0; i < TLS_RELAY_CONNS; i++) {
		SSL *ssl = r->conns[i] ? r->conns[i]->ssl : NULL;

		if (!ssl)
			continue;
		if (SSL_version(ssl) == TLS1_3_VERSION)
			assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		else
			assert_int_equal(SSL_renegotiate(ssl), 1);
		assert_int_equal(SSL_do_handshake(ssl), 1);
	}
}

void tls_relay_spoil(struct tls_relay *r)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\n";

	for (unsigned i = 0; i < TLS_RELAY_CONNS; i++)
		if (r->conns[i])
			assert_int_equal(
				send(r->conns[i]->fds[0], text, sizeof(text) - 1, MSG_NOSIGNAL),
				sizeof(text) - 1);
}
