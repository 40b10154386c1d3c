#include "node/listen/listen_port.h"

#include <assert.h>

static_assert(LISTEN_SYSLOG_TLS == 2 * LISTEN_KINDS && LISTEN_PORTS == 3 * LISTEN_KINDS,
	      "each kind has UDP and TCP, and those with TLS follow");
static_assert(LISTEN_GELF_UDP == 2 * LISTEN_GELF && LISTEN_FORWARD_UDP == 2 * LISTEN_FORWARD,
	      "as listen_port_of and listen_port_kind count them");

const char *const listen_port_names[] = { "syslog-udp", "syslog-tcp",  "gelf-udp",
					  "gelf-tcp",   "forward-udp", "forward-tcp",
					  "syslog-tls", "gelf-tls",    "forward-tls" };
static_assert(ARRAY_LEN(listen_port_names) == LISTEN_PORTS, "every socket has a name");

const char *const listen_drop_names[] = { "kernel",       "queue_full",   "too_long",
					  "bad_format",   "bad_encoding", "expands_too_much",
					  "bad_chunk",    "no_chunk",     "incomplete",
					  "unauthorized", "stopped" };
static_assert(ARRAY_LEN(listen_drop_names) == LISTEN_DROPS, "every reason has a name");

static const struct {
	enum format_id format;
	const char *path;
} kinds[] = {
	[LISTEN_SYSLOG] = { FORMAT_SYSLOG, "/syslog" },
	[LISTEN_GELF] = { FORMAT_GELF, "/gelf" },
	[LISTEN_FORWARD] = { FORMAT_FORWARD, "/forward" },
};
static_assert(ARRAY_LEN(kinds) == LISTEN_KINDS, "every kind has a format");

enum format_id listen_port_format(enum listen_port port)
{
	return kinds[listen_port_kind(port)].format;
}

const char *listen_port_path(enum listen_port port)
{
	return kinds[listen_port_kind(port)].path;
}
