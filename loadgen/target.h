#ifndef WEIR_LOADGEN_TARGET_H
#define WEIR_LOADGEN_TARGET_H
/*
 * Where packets go: a URL as an address, and the head of a request where that is HTTP.
 */
#include "common/buf.h"
#include "common/format/format.h"
#include "common/net/net.h"
#include "loadgen/compress.h"

#define TARGET_E_URL 1     /* not http://host[:port][/path] */
#define TARGET_E_RESOLVE 2 /* the name does not resolve */
#define TARGET_E_FORMAT 3  /* the path is that of another format */
#define TARGET_E_SCHEME 4  /* the format does not go by this scheme */

enum target_transport { TARGET_HTTP, TARGET_TCP, TARGET_UDP };

/* What goes there: what the head says about each body. */
struct target_body {
	enum format_id format;
	enum compress_kind compress;
};

struct tls_context;

struct target {
	struct net_addr addr;
	enum target_transport transport;
	enum format_id format;
	bool is_tls;              /* https:// */
	struct tls_context *tls;  /* for it; borrowed, set by whoever makes clients */
	char host[NET_HOST_SIZE]; /* whose certificate it must be */
	struct buf head;          /* of a request, up to and with "Content-Length: " */
	const char *key; /* forward: the shared key that is to be proven; borrowed; NULL: none */
};

/* How packets go to a URL, by its scheme. */
enum target_transport target_transport_of(const char *url);
/* A URL without a path means the path of the format. `token` goes out as a bearer token, or is the
 * shared key of the forward protocol and borrowed; NULL: none. Blocking name lookup. Release with target_deinit, whatever it returned. */
int target_init(struct target *target, const char *url, const struct target_body *body,
		const char *token) MUST_CHECK;
/* What a target's URL is, given what target_init returned: "is no http://HOST:PORT[/PATH]". */
const char *target_why(int error);
void target_deinit(struct target *target);

#endif
