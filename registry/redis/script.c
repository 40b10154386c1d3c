#include "registry/redis/script.h"

#include <stdio.h>
#include <stdlib.h>

void script_arg(struct script_args *args, const void *data, size_t len)
{
	assert(args->n < SCRIPT_MAX_ARGS);
	args->data[args->n] = len ? data : "";
	args->len[args->n++] = len;
}

void script_arg_str(struct script_args *args, const char *text)
{
	script_arg(args, text, strlen(text));
}

void script_arg_int(struct script_args *args, int64_t value)
{
	char *text = args->numbers[args->n];

	script_arg(args, text,
		   (size_t)snprintf(text, sizeof(args->numbers[0]), "%lld", (long long)value));
}

void script_arg_double(struct script_args *args, double value)
{
	char *text = args->numbers[args->n];

	for (int digits = 15; digits <= 17; digits++) { /* fewer would write 10 as 1e+01 */
		snprintf(text, sizeof(args->numbers[0]), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	script_arg_str(args, text);
}

static void append_bulk(struct buf *out, const char *data, size_t len)
{
	buf_printf(out, "$%zu\r\n", len);
	buf_append(out, data, len);
	buf_append(out, "\r\n", 2);
}

void script_format(struct buf *out, const struct script_set *set, unsigned id,
		   const struct script_args *args)
{
	const struct script *s = &set->scripts[id];
	char n_keys[16];

	assert(id < set->n_scripts);
	buf_printf(out, "*%u\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n",
		   3 + s->n_keys + args->n + args->n_more, s->sha1);
	append_bulk(out, n_keys, (size_t)snprintf(n_keys, sizeof(n_keys), "%u", s->n_keys));
	for (unsigned i = 0; i < s->n_keys; i++)
		append_bulk(out, set->keys[s->keys[i]], strlen(set->keys[s->keys[i]]));
	for (unsigned i = 0; i < args->n; i++)
		append_bulk(out, args->data[i], args->len[i]);
	for (unsigned i = 0; i < args->n_more; i++)
		append_bulk(out, args->more[i].iov_base, args->more[i].iov_len);
}

void script_format_load(struct buf *out, const struct script *script)
{
	buf_append_str(out, "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n");
	append_bulk(out, script->text, script->len);
}

void command_format(struct buf *out, unsigned n, const char *const *words)
{
	buf_printf(out, "*%u\r\n", n);
	for (unsigned i = 0; i < n; i++)
		append_bulk(out, words[i], strlen(words[i]));
}

bool script_error_is(const char *error, const char *kind)
{
	char inside[32];

	snprintf(inside, sizeof(inside), ": -%s ", kind);
	return strncmp(error, kind, strlen(kind)) == 0 || strstr(error, inside);
}
