/* The answers of log servers: what is read of them lies within them. */
#include <stdlib.h>

#include "node/deliver/answers.h"

#define MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_slice(const char *text, size_t len, const char *part, size_t part_len)
{
	if (part_len && (part < text || part_len > len - (size_t)(part - text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;
	struct result items[MOST];
	struct json_slice why;
	unsigned n, n_read;
	int r;

	if (len < 2)
		return 0;
	n = data[0] % MOST + 1;
	len--;
	r = answers_read_bulk(text, len, items, n, &n_read);
	if (n_read > n || (r == 0 && n_read < n))
		abort();
	if (r != RESULTS_E_NONE)
		for (unsigned i = 0; i < n_read; i++) {
			check_slice(text, len, items[i].text, items[i].len);
			if (items[i].status < 100 || items[i].status > 599)
				abort();
		}
	if (answers_read_hec(text, len) < 200)
		abort();
	(void)answers_read_otlp(FORMAT_OTLP_JSON, text, len, &why);
	check_slice(text, len, why.data, why.len);
	(void)answers_read_otlp(FORMAT_OTLP_PROTO, text, len, &why);
	check_slice(text, len, why.data, why.len);
	return 0;
}
