#ifndef WEIR_NODE_DISCOVER_HEADER_BOOK_H
#define WEIR_NODE_DISCOVER_HEADER_BOOK_H
/*
 * Headers that this node adds for analyzers that it lists. A line is "ID=Name: value", and an ID may end in a
 * star. Values are secrets, and stay in the memory of the node.
 *
 * The main thread sets them when the options are read again, and others read them: a lock guards all.
 */
#include <pthread.h>

#include "common/buf.h"
#include "common/conf/conf_option.h"

struct header_book {
	pthread_mutex_t lock; /* guards what follows */
	char **lines;         /* owned */
	size_t n_lines;
	unsigned version; /* grows with each change */
};

/* NULL, or why a line cannot be (static, without its value). */
const char *header_book_check(const struct conf_list *lines);
/* Whether the line is for that analyzer. */
bool header_book_is_for(const char *line, const char *id);

void header_book_init(struct header_book *b);
void header_book_deinit(struct header_book *b);
/* Copies lines that were checked. -ENOMEM: they stay as they were. */
int header_book_set(struct header_book *b, const struct conf_list *lines) MUST_CHECK;
/* Adds those of an analyzer to header lines, in place of others of the same name. NULL, or why not (static). */
const char *header_book_add(struct header_book *b, const char *id, struct buf *out);
bool header_book_is_empty(struct header_book *b);
unsigned header_book_version(struct header_book *b);

#endif
