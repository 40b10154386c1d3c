#ifndef WEIR_ANALYZER_TARGET_H
#define WEIR_ANALYZER_TARGET_H
/*
 * What --sink says: a kind of sink, and where it is. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define TARGET_E_SYNTAX 1 /* `why` has a sentence that names the remedy */
#define TARGET_WHY_STRLEN 400
#define TARGET_URL_STRLEN 1400

enum target_kind {
	TARGET_GELF_UDP,
	TARGET_GELF_TCP, /* with TLS, too */
	TARGET_GELF_HTTP,
	TARGET_BULK,
	TARGET_LOKI,
	TARGET_OTLP,
	TARGET_LINES,
	TARGET_PACKETS,
	TARGET_FILE
};

struct target {
	enum target_kind kind;
	bool is_tls;
	char host[256];
	char port[8];
	char url[TARGET_URL_STRLEN]; /* http(s)://…, with the path that the server wants; for a file its path */
};

int target_parse(struct target *target, const char *text, char why[TARGET_WHY_STRLEN]) MUST_CHECK;
/* It cannot acknowledge: an outbox may stand before it. */
bool target_is_blind(const struct target *target);

#endif
