#ifndef WEIR_T_UNIT_COMMON_CONF_FIXTURE_H
#define WEIR_T_UNIT_COMMON_CONF_FIXTURE_H
/*
 * A program with an option of each type, and conf_load with its output caught: for conf.c and
 * conf_args.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf/conf.h"

#define MAX_ARGS 16
#define TEXT_LEN 16384

static const char *const acks[] = { "delivered", "received", NULL };

struct settings {
	char *admin_listen, *token;
	int64_t workers, level;
	double weight;
	bool verbose;
	uint64_t drain_ms, body_bytes;
	int ack;
	struct conf_list targets, headers;
};
#define FIELD(f) offsetof(struct settings, f)

static const struct conf_option sample_options[] = {
	{ "admin-listen", CONF_STRING, FIELD(admin_listen), ":8081", "HOST:PORT",
	  "Where the API is." },
	{ "token", CONF_STRING, FIELD(token), NULL, NULL, "A secret.", 0, 0, NULL, CONF_SECRET },
	{ "workers", CONF_INT, FIELD(workers), "1", NULL, "Threads.", 1, 256 },
	{ "level", CONF_INT, FIELD(level), "-1", NULL, "Any number." },
	{ "weight", CONF_DOUBLE, FIELD(weight), "0.5", NULL, "Share.", 0, 10, NULL,
	  CONF_RELOADABLE },
	{ "verbose", CONF_BOOL, FIELD(verbose), "false", NULL, "Say more." },
	{ "drain-delay", CONF_DURATION, FIELD(drain_ms), "5s", NULL, "Wait.", 10, 300000 },
	{ "max-body", CONF_SIZE, FIELD(body_bytes), "1MiB", NULL, "Limit.", 1, 1 << 30 },
	{ "ack", CONF_CHOICE, FIELD(ack), "delivered", NULL, "When.", 0, 0, acks },
	{ "target", CONF_LIST, FIELD(targets), "a,b", "URL", "Where to." },
	{ "header", CONF_LIST, FIELD(headers), NULL, "NAME: VALUE", "Secrets.", 0, 0, NULL,
	  CONF_SECRET | CONF_LINES },
};
static const struct conf_program sample = { "weir-node",    "Divides packets.",
					    "[options]",    "Examples:\n  weir-node --workers 2\n",
					    sample_options, ARRAY_LEN(sample_options),
					    false };
static const struct conf_program tool = { "weirctl", "Operates.",    "[options] COMMAND",
					  NULL,      sample_options, ARRAY_LEN(sample_options),
					  true };

/* One load and all that came of it. */
struct fixture {
	struct settings s;
	bool loaded; /* s is to be freed */
	char *argv[MAX_ARGS + 1];
	char **rest;
	int argc, n_rest;
	char out[TEXT_LEN], err[TEXT_LEN];
	char path[64], secret_path[64]; /* "" or a temporary file */
};

static void read_back(int fd, int saved, int target, char *text)
{
	ssize_t n = pread(fd, text, TEXT_LEN - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	dup2(saved, target);
	close(saved);
	close(fd);
}

static void forget(struct fixture *f)
{
	if (f->loaded)
		conf_free(&sample, &f->s);
	f->loaded = false;
}

/* Loads with f->argv; stdout and stderr end up in f. */
static int load_argv(struct fixture *f, const struct conf_program *p)
{
	int out = memfd_create("out", 0), err = memfd_create("err", 0);
	int saved_out, saved_err, r;

	forget(f);
	memset(&f->s, 0xa5, sizeof(f->s));
	fflush(NULL);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	r = conf_load(p, &f->s, f->argc, f->argv, &f->rest, &f->n_rest);
	fflush(NULL);
	read_back(out, saved_out, STDOUT_FILENO, f->out);
	read_back(err, saved_err, STDERR_FILENO, f->err);
	f->loaded = r == 0;
	return r;
}

/* `words` are separated by blanks. */
static int load_as(struct fixture *f, const struct conf_program *p, const char *words)
{
	static char copy[1024];
	char *next, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	f->argc = 0;
	f->argv[f->argc++] = "program";
	for (word = strtok_r(copy, " ", &next); word; word = strtok_r(NULL, " ", &next))
		f->argv[f->argc++] = word;
	f->argv[f->argc] = NULL;
	return load_argv(f, p);
}

static int load(struct fixture *f, const char *words)
{
	return load_as(f, &sample, words);
}

static void write_bytes(char path[64], const char *content, size_t len)
{
	FILE *file;

	if (!*path) {
		strcpy(path, "/tmp/weir-conf-XXXXXX");
		close(mkstemp(path));
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, len, file), len);
	fclose(file);
}

static void write_file(char path[64], const char *content)
{
	write_bytes(path, content, strlen(content));
}

static int load_file(struct fixture *f, const char *content, const char *more)
{
	char words[256];

	write_file(f->path, content);
	snprintf(words, sizeof(words), "--config %s %s", f->path, more);
	return load(f, words);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = { "WEIR_WORKERS",      "WEIR_ADMIN_LISTEN",
					     "WEIR_TOKEN",        "WEIR_TOKEN_FILE",
					     "WEIR_TARGET",       "WEIR_NOBODY_KNOWS",
					     "WEIR_CONFIG",       "WEIR_ADMIN_LISTEN_FILE",
					     "WEIR_NODE_WORKERS", "WEIR_NODE_ADMIN_LISTEN",
					     "WEIR_MAX_BODY",     "WEIR_NODE_MAX_BODY" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	forget(f);
	if (*f->path)
		unlink(f->path);
	if (*f->secret_path)
		unlink(f->secret_path);
	free(f);
	return 0;
}

/* Loading fails with exactly this line. */
static void assert_complaint(struct fixture *f, const char *words, const char *expected)
{
	assert_int_equal(load(f, words), CONF_E_USAGE);
	assert_string_equal(f->err, expected);
	assert_string_equal(f->out, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
