#include "common/tls/tls_stream.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/tls/tls_error.h"
#include "common/tls/tls_name.h"

#define RECORD_BYTES 16384

struct tls_stream {
	SSL *ssl;
	struct tls_set *set; /* its callbacks need it */
	bool has_more, wants_write;
	bool is_broken; /* nothing may be said any more */
	char protocol[16];
	char *peer; /* NULL: none */
	char *why;  /* NULL: nothing has failed */
};

/* ---- life ---- */

static struct tls_stream *stream_new(struct tls_context *context, int fd)
{
	struct tls_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->set = tls_context_set(context);
	s->ssl = s->set ? SSL_new(s->set->contexts[0]) : NULL;
	if (!s->ssl || SSL_set_fd(s->ssl, fd) != 1) {
		tls_stream_free(s);
		return NULL;
	}
	return s;
}

struct tls_stream *tls_stream_accept(struct tls_context *context, int fd)
{
	struct tls_stream *s = stream_new(context, fd);

	if (s)
		SSL_set_accept_state(s->ssl);
	return s;
}

void tls_stream_forgo_alpn(struct tls_stream *s)
{
	SSL_set_app_data(s->ssl, TLS_NO_ALPN);
}

/* The name goes to the server too (SNI); an address must be in the certificate itself. */
static bool expect(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

bool tls_stream_offer(struct tls_stream *s, const char *protocols)
{
	unsigned char list[32];
	unsigned at = 0;

	while (*protocols) { /* each has its length before it */
		size_t len = strcspn(protocols, ",");

		assert(len > 0 && at + 1 + len <= sizeof(list));
		list[at] = (unsigned char)len;
		memcpy(list + at + 1, protocols, len);
		at += 1 + (unsigned)len;
		protocols += len + (protocols[len] == ',');
	}
	return SSL_set_alpn_protos(s->ssl, list, at) == 0;
}

struct tls_stream *tls_stream_connect(struct tls_context *context, int fd, const char *host)
{
	struct tls_stream *s = stream_new(context, fd);

	if (!s)
		return NULL;
	SSL_set_connect_state(s->ssl);
	if (!expect(s->ssl, host) || (s->set->alpn && !tls_stream_offer(s, s->set->alpn))) {
		tls_stream_free(s);
		return NULL;
	}
	return s;
}

void tls_stream_end(struct tls_stream *s)
{
	if (s->is_broken || !SSL_is_init_finished(s->ssl))
		return;
	ERR_clear_error();
	if (SSL_shutdown(s->ssl) < 0)
		ERR_clear_error();
	s->is_broken = true;
}

void tls_stream_free(struct tls_stream *s)
{
	if (!s)
		return;
	SSL_free(s->ssl);
	ERR_clear_error();
	tls_set_unref(s->set);
	free(s->peer);
	free(s->why);
	free(s);
}

/* ---- greeting ---- */

static void note_protocol(struct tls_stream *s)
{
	const unsigned char *name = NULL;
	unsigned int len = 0;

	SSL_get0_alpn_selected(s->ssl, &name, &len);
	if (len > 0 && len < sizeof(s->protocol))
		memcpy(s->protocol, name, len);
}

static void note_peer(struct tls_stream *s)
{
	X509 *cert = SSL_get0_peer_certificate(s->ssl);
	char name[TLS_NAME_SIZE];

	if (!cert || SSL_get_verify_result(s->ssl) != X509_V_OK)
		return;
	tls_name_of(cert, name);
	if (name[0])
		s->peer = strdup(name);
}

/* Which certificate it is that was refused, and why. */
static void note_failure(struct tls_stream *s, int error)
{
	long verdict = SSL_get_verify_result(s->ssl);
	int saved = errno;
	const char *text;

	s->is_broken = true;
	free(s->why);
	s->why = NULL;
	if (verdict != X509_V_OK) {
		if (asprintf(&s->why, "its certificate is refused: %s",
			     X509_verify_cert_error_string(verdict)) < 0)
			s->why = NULL;
		ERR_clear_error();
		return;
	}
	text = tls_error_text(error == SSL_ERROR_SYSCALL && saved ? strerror(saved) : "closed");
	s->why = strdup(text);
}

const char *tls_stream_why(const struct tls_stream *s)
{
	return s->why ? s->why : "closed";
}

/* What a call without success means. 0: it is to be tried again. */
static int judge(struct tls_stream *s, int error)
{
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return 0;
	if (error != SSL_ERROR_ZERO_RETURN)
		note_failure(s, error);
	return error;
}

/* The same for a call that reads, and what its owner is told of that. */
static int judge_read(struct tls_stream *s, int result)
{
	int error = SSL_get_error(s->ssl, result);

	s->has_more = false;
	s->wants_write = error == SSL_ERROR_WANT_WRITE;
	return judge(s, error);
}

int tls_stream_greet(struct tls_stream *s)
{
	int r;

	ERR_clear_error();
	errno = 0;
	r = SSL_do_handshake(s->ssl);
	if (r != 1)
		return judge_read(s, r) == 0 ? TLS_STREAM_AGAIN : TLS_STREAM_FAILED;
	s->wants_write = false;
	s->has_more = SSL_has_pending(s->ssl);
	note_protocol(s);
	note_peer(s);
	return 0;
}

/* ---- bytes ---- */

static ssize_t fail(int error, bool is_read)
{
	if (error == SSL_ERROR_ZERO_RETURN)
		return is_read ? 0 : (errno = ECONNRESET, -1);
	errno = error == 0 ? EAGAIN : error == SSL_ERROR_SYSCALL ? ECONNRESET : EPROTO;
	return -1;
}

/* More is asked for only where OpenSSL has it already: the socket tells of the rest. */
ssize_t tls_stream_read(struct tls_stream *s, void *to, size_t size)
{
	size_t done = 0;

	do {
		int room = size - done < INT_MAX ? (int)(size - done) : INT_MAX;
		int n;

		ERR_clear_error();
		n = SSL_read(s->ssl, (char *)to + done, room);
		if (n <= 0 && done == 0)
			return fail(judge_read(s, n), true);
		if (n <= 0) { /* its end or its failure is told by the next read */
			s->has_more = judge_read(s, n) != 0;
			break;
		}
		done += (size_t)n;
		s->wants_write = false;
		s->has_more = SSL_has_pending(s->ssl);
	} while (s->has_more && done < size);
	return (ssize_t)done;
}

ssize_t tls_stream_write(struct tls_stream *s, const void *from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		int n;

		ERR_clear_error();
		n = SSL_write(s->ssl, (const char *)from + done,
			      len - done < INT_MAX ? (int)(len - done) : INT_MAX);
		if (n <= 0 && done > 0)
			break;
		if (n <= 0)
			return fail(judge(s, SSL_get_error(s->ssl, n)), false);
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* The bytes of one record at most. */
static size_t gather(const struct iovec *parts, size_t n_parts, char out[RECORD_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; i < n_parts && len < RECORD_BYTES; i++) {
		size_t room = RECORD_BYTES - len;
		size_t n = parts[i].iov_len < room ? parts[i].iov_len : room;

		if (n)
			memcpy(out + len, parts[i].iov_base, n);
		len += n;
	}
	return len;
}

ssize_t tls_stream_writev(struct tls_stream *s, const struct iovec *parts, size_t n_parts)
{
	char together[RECORD_BYTES];

	if (n_parts > 0 && parts[0].iov_len >= RECORD_BYTES)
		return tls_stream_write(s, parts[0].iov_base, parts[0].iov_len);
	return tls_stream_write(s, together, gather(parts, n_parts, together));
}

/* ---- what is known ---- */

bool tls_stream_has_more(const struct tls_stream *s)
{
	return s->has_more;
}

bool tls_stream_wants_write(const struct tls_stream *s)
{
	return s->wants_write;
}

bool tls_stream_is_resumed(const struct tls_stream *s)
{
	return SSL_session_reused(s->ssl);
}

const char *tls_stream_protocol(const struct tls_stream *s)
{
	return s->protocol;
}

const char *tls_stream_peer(const struct tls_stream *s)
{
	return s->peer ? s->peer : "";
}
