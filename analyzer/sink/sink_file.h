#ifndef WEIR_ANALYZER_SINK_FILE_H
#define WEIR_ANALYZER_SINK_FILE_H
/*
 * Lines in a file that is put away when it is full: PATH is written, PATH.1 is the one before, and of
 * these the oldest goes. Whole runs of lines or nothing. Any thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct sink_file;

/* n_files: PATH included, at least 1. Negative errno. */
int sink_file_open(const char *path, uint64_t max_bytes, unsigned n_files,
		   struct sink_file **filep) MUST_CHECK;
void sink_file_close(struct sink_file *file);
/* Negative errno: the file is as it was. */
int sink_file_append(struct sink_file *file, const char *lines, size_t len) MUST_CHECK;

#endif
