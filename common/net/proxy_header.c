#include "common/net/proxy_header.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V1_START "PROXY "
#define V1_MAX_BYTES 107 /* with CRLF */
#define V2_START "\r\n\r\n\0\r\nQUIT\n"
#define V2_START_BYTES 12
#define V2_HEAD_BYTES 16
#define V2_MAX_BYTES 4096 /* with all that a balancer adds */

/* How much of `start` the bytes begin with. */
static enum proxy_header match(const char *data, size_t len, const char *start, size_t start_len)
{
	if (memcmp(data, start, len < start_len ? len : start_len) != 0)
		return PROXY_HEADER_NONE;
	return len < start_len ? PROXY_HEADER_PARTIAL : PROXY_HEADER_WHOLE;
}

/* "TCP4 192.0.2.1 192.0.2.2 4711 8080" */
static enum proxy_header read_v1_line(char *line, struct net_addr *addr)
{
	char *rest = NULL, *family = strtok_r(line, " ", &rest);
	char *source = strtok_r(NULL, " ", &rest);
	char *port = strtok_r(NULL, " ", &rest) ? strtok_r(NULL, " ", &rest) : NULL;
	struct net_addr found;
	long number;

	if (family && strcmp(family, "UNKNOWN") == 0)
		return PROXY_HEADER_WHOLE;
	if (!family || !port || (strcmp(family, "TCP4") != 0 && strcmp(family, "TCP6") != 0))
		return PROXY_HEADER_BAD;
	number = strtol(port, &rest, 10);
	if (*rest || number < 0 || number > UINT16_MAX ||
	    net_addr_numeric(&found, source, (uint16_t)number) != 0)
		return PROXY_HEADER_BAD;
	*addr = found;
	return PROXY_HEADER_WHOLE;
}

static enum proxy_header read_v1(const char *data, size_t len, size_t *lenp, struct net_addr *addr)
{
	size_t most = len < V1_MAX_BYTES ? len : V1_MAX_BYTES;
	const char *lf = memchr(data, '\n', most);
	char line[V1_MAX_BYTES + 1];
	size_t line_len;

	if (!lf)
		return len < V1_MAX_BYTES ? PROXY_HEADER_PARTIAL : PROXY_HEADER_BAD;
	*lenp = (size_t)(lf + 1 - data);
	if (lf[-1] != '\r')
		return PROXY_HEADER_BAD;
	line_len = *lenp - strlen(V1_START) - 2;
	memcpy(line, data + strlen(V1_START), line_len);
	line[line_len] = '\0';
	return read_v1_line(line, addr);
}

static enum proxy_header read_v2(const uint8_t *data, size_t len, size_t *lenp,
				 struct net_addr *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&addr->sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr->sa;
	size_t n_bytes;

	if (len < V2_HEAD_BYTES)
		return PROXY_HEADER_PARTIAL;
	n_bytes = (size_t)data[14] << 8 | data[15];
	*lenp = V2_HEAD_BYTES + n_bytes;
	if (data[12] >> 4 != 2 || (data[12] & 15) > 1 || *lenp > V2_MAX_BYTES)
		return PROXY_HEADER_BAD;
	if (len < *lenp)
		return PROXY_HEADER_PARTIAL;
	if ((data[12] & 15) == 0) /* LOCAL: the balancer's own health check */
		return PROXY_HEADER_WHOLE;
	if (data[13] == 0x11 && n_bytes >= 12) {
		*addr = (struct net_addr){ .len = sizeof(*in) };
		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, data + 16, 4);
		memcpy(&in->sin_port, data + 24, 2);
	} else if (data[13] == 0x21 && n_bytes >= 36) {
		*addr = (struct net_addr){ .len = sizeof(*in6) };
		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, data + 16, 16);
		memcpy(&in6->sin6_port, data + 48, 2);
	} else if (data[13] == 0x11 || data[13] == 0x21) {
		return PROXY_HEADER_BAD;
	}
	return PROXY_HEADER_WHOLE;
}

enum proxy_header proxy_header_read(const char *data, size_t len, size_t *lenp,
				    struct net_addr *addr)
{
	enum proxy_header v1 = match(data, len, V1_START, strlen(V1_START));
	enum proxy_header v2 = match(data, len, V2_START, V2_START_BYTES);

	if (v1 == PROXY_HEADER_WHOLE)
		return read_v1(data, len, lenp, addr);
	if (v2 == PROXY_HEADER_WHOLE)
		return read_v2((const uint8_t *)data, len, lenp, addr);
	return v1 == PROXY_HEADER_PARTIAL || v2 == PROXY_HEADER_PARTIAL ? PROXY_HEADER_PARTIAL
									: PROXY_HEADER_NONE;
}
