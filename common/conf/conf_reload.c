#include "common/conf/conf_reload.h"

#include <string.h>

#include "common/conf/conf_value.h"
#include "common/log.h"

/* Values that were replaced, each still in a struct as conf_load filled it. Reloads follow each
 * other on one thread. */
struct replaced {
	struct replaced *next;
	char config[];
};
static struct replaced *all_replaced;

static bool is_equal(const struct conf_option *option, const void *a, const void *b)
{
	struct buf text_a CLEANUP(buf_deinit) = { 0 }, text_b CLEANUP(buf_deinit) = { 0 };

	if (option->type == CONF_STRING && (!*(char *const *)a || !*(char *const *)b))
		return *(char *const *)a == *(char *const *)b;
	conf_value_format(option, a, &text_a);
	conf_value_format(option, b, &text_b);
	return strcmp(buf_str(&text_a), buf_str(&text_b)) == 0;
}

/* Swaps the two, so that what was live is kept with the rest of its struct. */
static void swap(const struct conf_option *option, void *live, void *fresh)
{
	char *string;
	int choice;
	struct conf_list list;

	switch (option->type) {
	case CONF_STRING:
		string = __atomic_exchange_n((char **)live, *(char **)fresh, __ATOMIC_ACQ_REL);
		*(char **)fresh = string;
		return;
	case CONF_CHOICE:
		choice = __atomic_exchange_n((int *)live, *(int *)fresh, __ATOMIC_ACQ_REL);
		*(int *)fresh = choice;
		return;
	default:
		assert(option->type == CONF_LIST); /* read by the thread alone that reloads */
		list = *(struct conf_list *)live;
		*(struct conf_list *)live = *(struct conf_list *)fresh;
		*(struct conf_list *)fresh = list;
	}
}

static void tell(const struct conf_option *option, const void *before, const void *now)
{
	struct buf from CLEANUP(buf_deinit) = { 0 }, to CLEANUP(buf_deinit) = { 0 };
	bool is_taken = option->flags & CONF_RELOADABLE;

	if (option->flags & CONF_SECRET) {
		buf_append_str(&from, "(secret)");
		buf_append_str(&to, "(secret)");
	} else {
		conf_value_format(option, before, &from);
		conf_value_format(option, now, &to);
	}
	if (is_taken)
		log_info("conf", "option reloaded", "option=%s from=%s to=%s", option->name,
			 buf_str(&from), buf_str(&to));
	else
		log_warn("conf", "option changed, and needs a restart", "option=%s from=%s to=%s",
			 option->name, buf_str(&from), buf_str(&to));
}

/* True: something of `fresh` must be kept. */
static bool take(const struct conf_program *program, void *live, void *fresh)
{
	bool is_kept = false;

	for (size_t i = 0; i < program->n_options; i++) {
		const struct conf_option *option = &program->options[i];
		void *old = conf_field(option, live), *new = conf_field(option, fresh);

		if (is_equal(option, old, new)) {
			conf_value_clear(option, new);
			continue;
		}
		tell(option, old, new);
		if (option->flags & CONF_RELOADABLE)
			swap(option, old, new);
		is_kept = true;
	}
	return is_kept;
}

int conf_reload(const struct conf_program *program, void *live, size_t size, int argc, char **argv)
{
	struct replaced *fresh = calloc(1, sizeof(*fresh) + size);
	int r;

	if (!fresh)
		return -ENOMEM;
	r = conf_load(program, fresh->config, argc, argv, NULL, NULL);
	if (r != 0) {
		free(fresh);
		log_error("conf", "the configuration has a mistake and stays as it was");
		return r;
	}
	if (!take(program, live, fresh->config)) {
		free(fresh);
		log_info("conf", "the configuration was read again and has not changed");
		return 0;
	}
	fresh->next = all_replaced;
	all_replaced = fresh;
	return 0;
}
