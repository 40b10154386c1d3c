#ifndef WEIR_COMMON_ASSET_H
#define WEIR_COMMON_ASSET_H
#include <stddef.h>

/* A file as it was at build; tables of them are made by cmake/embed_files.cmake. */
struct asset {
	const char *name; /* of the file, without folders */
	const char *content_type;
	const char *etag;          /* with its quotes; of what is in the file */
	const unsigned char *data; /* with a NUL behind it */
	size_t len;
};

#endif
