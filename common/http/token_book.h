#ifndef WEIR_COMMON_TOKEN_BOOK_H
#define WEIR_COMMON_TOKEN_BOOK_H
/*
 * Tokens that each have a name: one that is alone, and those of lines "NAME TOKEN". The name may
 * stand in metrics and in the log; the token nowhere.
 *
 * The main thread sets them anew when the options are read again. Workers read them without a lock:
 * a set never changes once it is published, and it is kept until the end, since somebody may still
 * read it. A name keeps its slot for as long as the process lives, so that its counter goes on.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define TOKEN_BOOK_MOST 64   /* at once, beside the one that is alone */
#define TOKEN_BOOK_SLOTS 128 /* names in the life of a node; the last one is for all others */
#define TOKEN_BOOK_NAME 33   /* bytes of a name, with its NUL */
#define TOKEN_BOOK_MIN 16    /* characters of a token */
#define TOKEN_BOOK_WHY 128
#define TOKEN_BOOK_NONE (-1)

struct token_book_set;

struct token_book {
	_Atomic(struct token_book_set *)
		current; /* those before hang on it; NULL: none is needed */
	char names[TOKEN_BOOK_SLOTS][TOKEN_BOOK_NAME]; /* written before n_names says so */
	_Atomic unsigned n_names;
};

/* `text` has lines "NAME TOKEN" or "NAME=TOKEN"; empty ones and # are passed over. False: `why` says
 * what is wrong with which line, without the token. */
bool token_book_check(const char *text, char why[TOKEN_BOOK_WHY]);

void token_book_init(struct token_book *t);
void token_book_deinit(struct token_book *t);
/* Main thread. `one` has the name `name`; `text` was checked. NULL: there is none of these. */
int token_book_set(struct token_book *t, const char *name, const char *one,
		   const char *text) MUST_CHECK;

/* Main thread. The slot of a name, whether or not there is a token for it; a longer name is cut. */
unsigned token_book_slot(struct token_book *t, const char *name);

/* Whether any token is asked for now. From any thread, as what follows. */
bool token_book_are_needed(const struct token_book *t);
/*
 * The slot of the token that an Authorization header gives, or TOKEN_BOOK_NONE. It looks at all
 * tokens, and takes as long for a wrong one as for a right one.
 */
int token_book_find(const struct token_book *t, const char *authorization, size_t len);
/* NULL: the slot has no name yet. */
const char *token_book_name(const struct token_book *t, unsigned slot);

#endif
