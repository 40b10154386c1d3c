#ifndef WEIR_COMMON_FORMAT_ROUTE_H
#define WEIR_COMMON_FORMAT_ROUTE_H
/*
 * What the path of a request says: which family of formats its body has, or which question of an
 * agent it is. Paths that are an agent's own may have a prefix, and all may end in slashes. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/format/format.h"

enum format_family {
	FORMAT_FAMILY_ANY, /* /ingest and the like: the body decides */
	FORMAT_FAMILY_OTLP,
	FORMAT_FAMILY_LOKI,
	FORMAT_FAMILY_HEC,
	FORMAT_FAMILY_HEC_RAW,
	FORMAT_FAMILY_BULK,
	FORMAT_FAMILY_GELF,
	FORMAT_FAMILY_JOURNAL,
	FORMAT_FAMILY_KAFKAREST,
	FORMAT_FAMILY_OTLP_GRPC, /* no path of HTTP leads to it */
	FORMAT_FAMILIES
};

/* The path by its name, without a prefix; static. NULL: packets do not go to this path. */
const char *format_route_find(const char *path, size_t len, enum format_family *familyp);

/*
 * The bytes of a byte order mark that a body begins with: agents on Windows write one before text
 * and JSON. MessagePack may begin with the same bytes, where the media type says that it is some.
 */
size_t format_mark_len(const struct format_body *body, struct format_slice media_type);

/*
 * The format of a body, unpacked and without a byte order mark, that came in this family. The first bytes decide, and the media
 * type where they leave it open; it may be absent (len 0).
 */
enum format_id format_detect(enum format_family family, const struct format_body *body,
			     struct format_slice media_type);
/* Before the body is there: what its refusal should look like. */
enum format_id format_guess(enum format_family family, struct format_slice media_type);

#endif
