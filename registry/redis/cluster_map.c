#include "registry/redis/cluster_map.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINE_WORDS                                                                             \
	7 /* before the slots: id, address, flags, master, ping, pong, epoch, state */

/* CRC16 as Redis Cluster has it (XMODEM). */
static unsigned crc16(const char *data, size_t len)
{
	unsigned crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned)(unsigned char)data[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
	}
	return crc & 0xffff;
}

unsigned cluster_slot_of(const char *key)
{
	const char *open = strchr(key, '{'), *close = open ? strchr(open + 1, '}') : NULL;

	if (close && close > open + 1)
		return crc16(open + 1, (size_t)(close - open - 1)) % CLUSTER_SLOTS;
	return crc16(key, strlen(key)) % CLUSTER_SLOTS;
}

/* "127.0.0.1:6381"; of IPv6 the last colon counts. */
static bool parse_address(const char *text, size_t len, const struct redis_host *here,
			  struct redis_host *host)
{
	const char *colon = memrchr(text, ':', len);
	size_t name_len = colon ? (size_t)(colon - text) : 0;

	if (!colon || name_len >= sizeof(host->name))
		return false;
	host->port = atoi(colon + 1);
	memcpy(host->name, text, name_len);
	host->name[name_len] = '\0';
	if (name_len == 0 && here)
		memcpy(host->name, here->name, sizeof(host->name));
	return host->port > 0 && host->port <= 65535;
}

bool cluster_redirect_parse(const char *error, const struct redis_host *here,
			    struct cluster_redirect *out)
{
	const char *at = strchr(error, ' ');
	char *end;

	out->is_ask = strncmp(error, "ASK ", 4) == 0;
	if (!out->is_ask && strncmp(error, "MOVED ", 6) != 0)
		return false;
	out->slot = (int)strtol(at + 1, &end, 10);
	if (*end != ' ' || out->slot < 0 || out->slot >= CLUSTER_SLOTS)
		return false;
	return parse_address(end + 1, strcspn(end + 1, " "), here, &out->host);
}

/* One line of the answer, cut into words. */
struct node_line {
	const char *address, *flags, *slots;
	size_t address_len, flags_len, slots_len;
};

static const char *next_word(const char *at, const char *end, size_t *lenp)
{
	const char *stop;

	while (at < end && *at == ' ')
		at++;
	stop = memchr(at, ' ', (size_t)(end - at));
	*lenp = (size_t)((stop ? stop : end) - at);
	return at;
}

static bool parse_line(const char *line, const char *end, struct node_line *out)
{
	size_t len;
	const char *at = next_word(line, end, &len);

	for (int i = 1; i <= MAX_LINE_WORDS; i++) {
		at = next_word(at + len, end, &len);
		if (len == 0)
			return false;
		if (i == 1) {
			out->address = at;
			out->address_len = len;
		} else if (i == 2) {
			out->flags = at;
			out->flags_len = len;
		}
	}
	out->slots = at + len;
	out->slots_len = (size_t)(end - out->slots);
	return true;
}

static bool has_flag(const struct node_line *line, const char *flag)
{
	const char *at = line->flags, *end = at + line->flags_len;
	size_t len = strlen(flag);

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		comma = comma ? comma : end;
		if ((size_t)(comma - at) == len && memcmp(at, flag, len) == 0)
			return true;
		at = comma + 1;
	}
	return false;
}

/* "0-5460 7000 [93-<-...]": what is in brackets is being moved. */
static bool serves(const struct node_line *line, int slot)
{
	const char *at = line->slots, *end = at + line->slots_len;
	size_t len;

	for (at = next_word(at, end, &len); len > 0; at = next_word(at + len, end, &len)) {
		char *dash;
		long first = strtol(at, &dash, 10), last = first;

		if (*at == '[')
			continue;
		if (*dash == '-')
			last = strtol(dash + 1, NULL, 10);
		if (first <= slot && slot <= last)
			return true;
	}
	return false;
}

/* ip:port@cport[,hostname[,...]] */
static bool read_host(const struct node_line *line, bool by_name, struct redis_host *host)
{
	const char *end = line->address + line->address_len;
	const char *at_sign = memchr(line->address, '@', line->address_len);
	const char *name = memchr(line->address, ',', line->address_len);
	size_t len = (size_t)((at_sign ? at_sign : name ? name : end) - line->address);

	if (!parse_address(line->address, len, NULL, host))
		return false;
	if (name && (by_name || !host->name[0])) {
		const char *comma;

		name++;
		comma = memchr(name, ',', (size_t)(end - name));
		len = (size_t)((comma ? comma : end) - name);
		if (len > 0 && len < sizeof(host->name) && !memchr(name, '=', len)) {
			memcpy(host->name, name, len);
			host->name[len] = '\0';
		}
	}
	return host->name[0] != '\0';
}

bool cluster_map_parse(const char *text, int slot, bool by_name, struct cluster_map *map)
{
	unsigned n_masters = 0, n_failing = 0;
	bool has_self = false;

	memset(map, 0, sizeof(*map));
	for (const char *end, *line = text; *line; line = *end ? end + 1 : end) {
		struct node_line node = { 0 };
		struct redis_host host;
		bool fails, is_self;

		end = line + strcspn(line, "\n");
		if (!parse_line(line, end, &node))
			continue;
		is_self = has_flag(&node, "myself");
		fails = has_flag(&node, "fail") || has_flag(&node, "fail?");
		has_self |= is_self;
		if (has_flag(&node, "master") && node.slots_len > 0) {
			n_masters++;
			n_failing += fails;
			if (serves(&node, slot)) {
				map->is_here = is_self;
				if (!read_host(&node, by_name, &map->owner))
					map->owner.name[0] = '\0';
			}
		}
		if (!fails && !has_flag(&node, "noaddr") && !has_flag(&node, "handshake") &&
		    map->n_nodes < REDIS_CLUSTER_MAX_NODES && read_host(&node, by_name, &host))
			map->nodes[map->n_nodes++] = host;
	}
	map->is_cut_off = 2 * n_failing > n_masters;
	return has_self;
}
