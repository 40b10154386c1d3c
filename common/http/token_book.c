#include "common/http/token_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http/secret.h"

#define OTHERS "other-names" /* where all slots are taken */
#define BLANKS " \t\r"

struct token_book_set {
	struct token_book_set *older;
	unsigned n;
	struct {
		const char *token; /* in `text` */
		int slot;
	} tokens[TOKEN_BOOK_MOST + 1];
	char text[];
};

/* A line, cut into its two parts. */
struct line {
	const char *name, *token;
	size_t n_name, n_token;
};

/* The next line that says something. *textp goes behind it, *numberp counts. False: there is none. */
static bool next_line(const char **textp, unsigned *numberp, struct line *line)
{
	while (**textp) {
		const char *at = *textp, *end = at + strcspn(at, "\n");

		*textp = *end ? end + 1 : end;
		++*numberp;
		at += strspn(at, BLANKS);
		while (end > at && strchr(BLANKS, end[-1]))
			end--;
		if (at >= end || *at == '#')
			continue;
		*line = (struct line){ .name = at };
		line->n_name = strcspn(at, BLANKS "=\n");
		at += line->n_name;
		at += strspn(at, BLANKS);
		at += *at == '=';
		at += strspn(at, BLANKS);
		line->token = at < end ? at : end;
		line->n_token = (size_t)(end - line->token);
		return true;
	}
	return false;
}

static bool is_name(const struct line *line)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return line->n_name > 0 && line->n_name < TOKEN_BOOK_NAME &&
	       strspn(line->name, letters) >= line->n_name;
}

static bool is_printable(const struct line *line)
{
	for (size_t i = 0; i < line->n_token; i++)
		if (line->token[i] <= ' ' || line->token[i] > '~')
			return false;
	return true;
}

/* NULL: nothing is wrong with it alone. */
static const char *fault_of(const struct line *line)
{
	if (!is_name(line))
		return "the name must have 1 to 32 of A-Z a-z 0-9 . _ -";
	if (line->n_token == 0)
		return "there is no token behind the name";
	if (!is_printable(line))
		return "the token has other characters than printable ASCII without spaces";
	if (line->n_token < TOKEN_BOOK_MIN)
		return "the token must have at least 16 characters";
	return NULL;
}

bool token_book_check(const char *text, char why[TOKEN_BOOK_WHY])
{
	struct line lines[TOKEN_BOOK_MOST + 1];
	unsigned n = 0, number = 0;
	const char *fault = NULL;

	while (!fault && next_line(&text, &number, &lines[n])) {
		fault = n == TOKEN_BOOK_MOST ? "there are more than 64 tokens"
					     : fault_of(&lines[n]);
		for (unsigned i = 0; i < n && !fault; i++)
			if (lines[i].n_token == lines[n].n_token &&
			    memcmp(lines[i].token, lines[n].token, lines[n].n_token) == 0)
				fault = "the token stands in an earlier line, too";
		n++;
	}
	if (fault)
		snprintf(why, TOKEN_BOOK_WHY, "has a mistake in line %u: %s", number, fault);
	else if (n == 0)
		snprintf(why, TOKEN_BOOK_WHY, "has no line NAME TOKEN");
	return !fault && n > 0;
}

void token_book_init(struct token_book *t)
{
	memset(t, 0, sizeof(*t));
}

void token_book_deinit(struct token_book *t)
{
	struct token_book_set *set = atomic_load(&t->current), *older;

	for (; set; set = older) {
		older = set->older;
		free(set);
	}
	atomic_store(&t->current, NULL);
}

static int slot_of(struct token_book *t, const char *name, size_t len)
{
	unsigned n = atomic_load_explicit(&t->n_names, memory_order_relaxed);

	for (unsigned i = 0; i < n; i++)
		if (strlen(t->names[i]) == len && memcmp(t->names[i], name, len) == 0)
			return (int)i;
	if (n == TOKEN_BOOK_SLOTS)
		return TOKEN_BOOK_SLOTS - 1;
	if (n == TOKEN_BOOK_SLOTS - 1) {
		name = OTHERS;
		len = strlen(name);
	}
	memcpy(t->names[n], name, len);
	t->names[n][len] = '\0';
	atomic_store_explicit(&t->n_names, n + 1, memory_order_release);
	return (int)n;
}

unsigned token_book_slot(struct token_book *t, const char *name)
{
	return (unsigned)slot_of(t, name, strnlen(name, TOKEN_BOOK_NAME - 1));
}

/* Its bytes are copied to *atp, which goes on behind them. */
static void add(struct token_book *t, struct token_book_set *set, char **atp,
		const struct line *line)
{
	char *at = *atp;

	memcpy(at, line->token, line->n_token);
	at[line->n_token] = '\0';
	set->tokens[set->n].token = at;
	set->tokens[set->n++].slot = slot_of(t, line->name, line->n_name);
	*atp = at + line->n_token + 1;
}

int token_book_set(struct token_book *t, const char *name, const char *one, const char *text)
{
	size_t n_bytes = (one ? strlen(one) + 1 : 0) + (text ? strlen(text) + 1 : 0);
	struct token_book_set *set = calloc(1, sizeof(*set) + n_bytes);
	struct line line = { name, one, strlen(name), one ? strlen(one) : 0 };
	unsigned number = 0;
	char *at;

	if (!set)
		return -ENOMEM;
	at = set->text;
	if (one)
		add(t, set, &at, &line);
	while (text && set->n < ARRAY_LEN(set->tokens) && next_line(&text, &number, &line))
		add(t, set, &at, &line);
	set->older = atomic_load(&t->current);
	atomic_store_explicit(&t->current, set, memory_order_release);
	return 0;
}

bool token_book_are_needed(const struct token_book *t)
{
	const struct token_book_set *set = atomic_load_explicit(&t->current, memory_order_acquire);

	return set && set->n > 0;
}

int token_book_find(const struct token_book *t, const char *authorization, size_t len)
{
	const struct token_book_set *set = atomic_load_explicit(&t->current, memory_order_acquire);
	int slot = TOKEN_BOOK_NONE;
	struct secret_given given;

	secret_read(authorization, len, &given);
	for (unsigned i = 0; set && i < set->n; i++)
		slot = secret_given_is(&given, set->tokens[i].token) ? set->tokens[i].slot : slot;
	return slot;
}

const char *token_book_name(const struct token_book *t, unsigned slot)
{
	return slot < atomic_load_explicit(&t->n_names, memory_order_acquire) ? t->names[slot]
									      : NULL;
}
