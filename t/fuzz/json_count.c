/*
 * The verdict does not depend on what is behind the body, nor on what the counter saw before; what
 * is a packet is JSON to cJSON too (which is the laxer one), with as many messages, as long as it is
 * in no envelope of an agent; and the scanner of common/ always says the same.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/json/json_packet.h"
#include "node/packet/json_count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static enum json_verdict count(struct json_counter *counter, const uint8_t *data, size_t len,
			       char junk, uint32_t *n_messagesp)
{
	AUTO_FREE char *body = malloc(len + json_count_padding);

	assert(body && counter);
	memset(body, junk, len + json_count_padding);
	if (len)
		memcpy(body, data, len);
	return json_count(counter, body, len, n_messagesp);
}

/* cJSON knows no number of more than 63 characters, ends a string at \u0000, and refuses escapes of
 * half a surrogate pair, which the grammar allows: then it is no judge. */
static bool is_beyond_cjson(const uint8_t *data, size_t len)
{
	size_t n_run = 0, n_longest = 0;

	for (size_t i = 0; i < len; i++) {
		n_run = data[i] && strchr("0123456789+-.eE", data[i]) ? n_run + 1 : 0;
		n_longest = n_run > n_longest ? n_run : n_longest;
	}
	return n_longest > 60 || memmem(data, len, "\\u0000", 6) || memmem(data, len, "\\ud", 3) ||
	       memmem(data, len, "\\uD", 3);
}

/* `counted`: what an envelope of agents was counted as. */
static uint32_t expected_count(const cJSON *packet, uint32_t counted)
{
	const cJSON *messages = cJSON_GetObjectItemCaseSensitive(packet, "messages");

	if (cJSON_IsObject(packet) && !cJSON_IsArray(messages))
		for (int i = JSON_ENVELOPE_MESSAGES + 1; i < JSON_ENVELOPES; i++)
			if (cJSON_GetObjectItemCaseSensitive(packet, json_envelope_names[i]))
				return counted;
	if (cJSON_IsArray(packet))
		return cJSON_GetArraySize(packet);
	return cJSON_IsArray(messages) ? cJSON_GetArraySize(messages) : 1;
}

/* Both counters last: making one for each input took all the time. They never saw the same before:
 * what `other` counts last is always the same packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t plain[] = "{\"messages\":[1,2,3]}";
	static struct json_counter *used, *other;
	uint32_t n = 0, n_other = 0;
	enum json_verdict verdict;
	struct json_packet scanned;
	cJSON *packet;

	if (!used) {
		used = json_counter_new();
		other = json_counter_new();
	}
	verdict = count(used, data, len, ']', &n);
	assert(verdict == count(other, data, len, '0', &n_other) && n == n_other);
	assert(count(other, plain, sizeof(plain) - 1, ' ', &n_other) == JSON_OK && n_other == 3);
	assert((json_packet_read((const char *)data, len, JSON_MAX_DEPTH, &scanned) == 0) ==
	       (verdict == JSON_OK));
	assert(verdict != JSON_OK || scanned.n_messages == n);
	if (verdict != JSON_OK || is_beyond_cjson(data, len))
		return 0;
	packet = cJSON_ParseWithLength((const char *)data, len);
	assert(packet && n > 0 && expected_count(packet, n) == n);
	cJSON_Delete(packet);
	return 0;
}
