/* The answer to a call: its status, words and message, whatever a server sends. */
#include <stdlib.h>
#include <string.h>

#include "common/grpc/grpc_answer.h"
#include "node/deliver/results.h"

#define MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Up to a line feed; NULL: an empty line, as the field is not there. */
static char *take_line(const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = (size_t)((stop ? stop : end) - *at);
	char *line = n ? strndup(*at, n) : NULL;

	*at += n + (stop != NULL);
	return line;
}

static void check_results(const struct grpc_answer *a)
{
	struct result results[MOST];

	for (unsigned n = 1; n <= MOST; n++)
		if (results_read_call(a->message, a->message_len, results, n) == 0)
			for (unsigned i = 0; i < n; i++)
				if (results[i].status < 100 || results[i].status > 599 ||
				    results[i].len > a->message_len)
					abort();
}

/* Three lines, and the body: as of an answer that was cut off, of one that was not, and of one kept in part. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len, *why;
	char *lines[3] = { take_line(&at, end), take_line(&at, end), take_line(&at, end) };
	struct grpc_stream stream = { 200, lines[0],           lines[1],           lines[2],
				      at,  (size_t)(end - at), (size_t)(end - at), true };
	struct grpc_answer a;

	for (int i = 0; i < 3; i++) {
		stream.is_whole = i != 0;
		stream.n_body_bytes = stream.body_len + (i == 2);
		if (grpc_answer_read(&stream, &a, &why) != 0) {
			if (!why)
				abort();
			continue;
		}
		if (a.status < 200 || a.status > 599 || strlen(a.words) >= sizeof(a.words) ||
		    (a.status == 200) != !*a.words)
			abort();
		if (a.message && (a.message < at || a.message + a.message_len != end))
			abort();
		if (a.message)
			check_results(&a);
	}
	for (int i = 0; i < 3; i++)
		free(lines[i]);
	return 0;
}
