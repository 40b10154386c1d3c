#ifndef WEIR_NODE_ASSETS_H
#define WEIR_NODE_ASSETS_H
/*
 * The files of node/dashboard/, the chart library, docs/runbook.md and node/openapi.yaml, as they
 * were at build; made by cmake/embed_files.cmake.
 */
#include <stddef.h>

struct asset {
	const char *name; /* of the file, without folders */
	const char *content_type;
	const char *etag; /* with its quotes; of what is in the file */
	const unsigned char *data;
	size_t len;
};

extern const struct asset assets[];
extern const size_t n_assets;

#endif
