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
#define MAX_HELLO_BYTES 16384 /* of a client */
#define MAX_READS 256         /* of OpenSSL, one for each record, in one call */
/* Of handshakes, after our own, for BYTES_FOR_MESSAGES of the application. */
#define MAX_MESSAGES 32
#define BYTES_FOR_MESSAGES (64u << 10)

struct tls_stream {
	SSL *ssl;
	struct tls_set *set; /* its callbacks need it */
	bool has_more, wants_write;
	bool is_broken; /* nothing may be said any more */
	bool is_server, has_greeted;
	bool is_refused;     /* by ourselves: OpenSSL knows nothing of that */
	unsigned n_messages; /* has_greeted: of handshakes, beside n_bytes of the application */
	size_t n_bytes;      /* less than BYTES_FOR_MESSAGES */
	bool is_in_pieces; /* is_server: the ClientHello has come in part, and counts in the set */
	bool has_long_hello; /* is_server: it has come, and is longer than it may be */
	char protocol[16];
	char *peer; /* NULL: none */
	char *why;  /* NULL: nothing has failed */
};

/* ---- life ---- */

/*
 * A message of a handshake has come. OpenSSL keeps what is in a ClientHello several times over, until both have
 * greeted. After that a read of OpenSSL goes on from one message to the next for as long as there are some, which
 * a peer could make last for ever; where it believes that the peer has closed, it ends.
 */
static void on_message(int is_sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
		       void *arg)
{
	struct tls_stream *s = arg;

	(void)version;
	if (is_sent || type != SSL3_RT_HANDSHAKE)
		return;
	if (s->is_server && len > MAX_HELLO_BYTES &&
	    *(const unsigned char *)bytes == SSL3_MT_CLIENT_HELLO)
		s->has_long_hello = true;
	if (s->has_greeted && ++s->n_messages > MAX_MESSAGES)
		SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

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
	SSL_set_msg_callback(s->ssl, on_message);
	SSL_set_msg_callback_arg(s->ssl, s);
	return s;
}

struct tls_stream *tls_stream_accept(struct tls_context *context, int fd)
{
	struct tls_stream *s = stream_new(context, fd);

	if (!s)
		return NULL;
	s->is_server = true;
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

static void set_in_pieces(struct tls_stream *s, bool is_in_pieces)
{
	if (s->is_in_pieces == is_in_pieces)
		return;
	s->is_in_pieces = is_in_pieces;
	if (is_in_pieces)
		atomic_fetch_add(&s->set->n_in_pieces, 1);
	else
		atomic_fetch_sub(&s->set->n_in_pieces, 1);
}

void tls_stream_free(struct tls_stream *s)
{
	if (!s)
		return;
	set_in_pieces(s, false);
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

static int refuse(struct tls_stream *s, const char *why)
{
	s->is_broken = s->is_refused = true;
	free(s->why);
	s->why = strdup(why);
	return TLS_STREAM_FAILED;
}

/* The side of the server waits for its client. */
static int check_hello(struct tls_stream *s)
{
	if (s->has_long_hello)
		return refuse(s, "its ClientHello is too long");
	set_in_pieces(s, SSL_get_state(s->ssl) == TLS_ST_SR_CLNT_HELLO);
	return s->is_in_pieces && atomic_load(&s->set->n_in_pieces) > TLS_IN_PIECES_MOST
		       ? refuse(s, "its ClientHello comes in pieces, as too many do")
		       : TLS_STREAM_AGAIN;
}

int tls_stream_greet(struct tls_stream *s)
{
	int r;

	ERR_clear_error();
	errno = 0;
	r = SSL_do_handshake(s->ssl);
	if (r != 1 && judge_read(s, r) != 0)
		return TLS_STREAM_FAILED;
	if (r != 1)
		return s->is_server ? check_hello(s) : TLS_STREAM_AGAIN;
	s->has_greeted = true;
	set_in_pieces(s, false);
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

/*
 * What a peer does after our handshake that makes OpenSSL go on without end. Of a client also what leaves its
 * connection in the middle of a message of another handshake: its socket would be ready all the time, and nothing
 * would come of that. NULL: nothing. error: of a read, as judged.
 */
static const char *fault_of(const struct tls_stream *s, int error)
{
	if (s->n_messages > MAX_MESSAGES)
		return "it sends too many messages of the handshake";
	if (error != 0 || !s->is_server)
		return NULL;
	if (s->wants_write)
		return "it asks for new keys, and does not read";
	return SSL_in_init(s->ssl) ? "it stops within a message of the handshake" : NULL;
}

static ssize_t fail_for(struct tls_stream *s, const char *why)
{
	(void)refuse(s, why);
	return fail(SSL_ERROR_SSL, true);
}

static void note_bytes(struct tls_stream *s, size_t n)
{
	s->wants_write = false;
	s->has_more = SSL_has_pending(s->ssl);
	s->n_bytes += n;
	if (s->n_bytes >= BYTES_FOR_MESSAGES)
		s->n_messages = s->n_bytes = 0;
}

/* More is asked for only where OpenSSL has it already: the socket tells of the rest. */
ssize_t tls_stream_read(struct tls_stream *s, void *to, size_t size)
{
	unsigned n_reads = 0;
	size_t done = 0;

	do {
		int room = size - done < INT_MAX ? (int)(size - done) : INT_MAX;
		int n;

		ERR_clear_error();
		n = SSL_read(s->ssl, (char *)to + done, room);
		if (n <= 0) {
			int error = judge_read(s, n);
			const char *fault = fault_of(s, error);

			if (fault)
				return fail_for(s, fault);
			if (done == 0)
				return fail(error, true);
			s->has_more = error != 0; /* the next read tells its end or its failure */
			break;
		}
		done += (size_t)n;
		note_bytes(s, (size_t)n);
	} while (s->has_more && done < size && ++n_reads < MAX_READS);
	return (ssize_t)done;
}

ssize_t tls_stream_write(struct tls_stream *s, const void *from, size_t len)
{
	size_t done = 0;

	if (s->is_refused)
		return fail(SSL_ERROR_SSL, false);
	while (done < len) {
		int error, n;

		ERR_clear_error();
		n = SSL_write(s->ssl, (const char *)from + done,
			      len - done < INT_MAX ? (int)(len - done) : INT_MAX);
		if (n <= 0 && done > 0)
			break;
		error = n <= 0 ? SSL_get_error(s->ssl, n) : 0;
		/* the socket would be ready to write all the time */
		if (error == SSL_ERROR_WANT_READ && s->is_server)
			return fail_for(s, "it stops within a message of the handshake");
		if (n <= 0)
			return fail(judge(s, error), false);
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
