#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_look.h"
#include "registry/ctl/ctl_nodes.h"
#include "registry/ctl/ctl_out.h"
#include "registry/ctl/ctl_status_write.h"
#include "registry/ctl/ctl_table.h"

#define CLEAR_SCREEN "\033[H\033[2J"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

void ctl_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool ctl_wait(uint64_t ms)
{
	uint64_t end = clock_mono_us() + ms * US_PER_MS, now;

	while (!interrupted && (now = clock_mono_us()) < end)
		poll(NULL, 0, (int)((end - now + US_PER_MS - 1) / US_PER_MS));
	return !interrupted;
}

static enum ctl_exit print(struct buf *out)
{
	if (out->failed)
		return ctl_fail("out of memory");
	fwrite(out->data, 1, out->len, stdout);
	return CTL_OK;
}

static void write_reach(const struct roster *r, const struct ctl_node *node, enum ctl_reach reach,
			struct ctl_table *table)
{
	struct buf ids CLEANUP(buf_deinit) = { 0 };

	ctl_nodes_write(r, node, reach, &ids);
	ctl_table_cell(table, "%s", ids.len ? buf_str(&ids) : "-");
}

static void write_reaches(const struct roster *r, const struct ctl_node *nodes, unsigned n,
			  struct buf *out)
{
	static const char *const headings[] = { "<NODE", ">WORKERS", "<MODE",
						"<OPEN", "<HANGING", "<HALF-OPEN" };
	struct ctl_table table CLEANUP(ctl_table_deinit);

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (unsigned i = 0; i < n; i++) {
		ctl_table_cell(&table, "%s", nodes[i].id);
		ctl_table_cell(&table, "%u", nodes[i].n_workers);
		ctl_table_cell(&table, "%s", nodes[i].mode[0] ? nodes[i].mode : "-");
		write_reach(r, &nodes[i], REACH_CUT, &table);
		write_reach(r, &nodes[i], REACH_HANGS, &table);
		write_reach(r, &nodes[i], REACH_TRIED, &table);
	}
	ctl_table_write(&table, out);
}

enum ctl_exit ctl_nodes(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct ctl_look look CLEANUP(ctl_look_deinit) = { 0 };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct ctl_node *nodes AUTO_FREE = NULL;
	enum ctl_exit code = ctl_look_or_tell(ctl, &look);
	unsigned n_nodes;

	(void)command;
	(void)arguments;
	if (code != CTL_OK)
		return code;
	if (ctl->options.json)
		return ctl_print_json(
			cJSON_DetachItemFromObjectCaseSensitive(look.overview, "nodes"));
	if (ctl_nodes_gather(look.roster, &nodes, &n_nodes) != 0)
		return ctl_fail("out of memory");
	ctl_status_write_whose(&look, &out);
	if (n_nodes > 0)
		write_reaches(look.roster, nodes, n_nodes, &out);
	else
		buf_append_str(&out, "no nodes\n");
	return print(&out);
}

enum ctl_exit ctl_status(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct ctl_look look CLEANUP(ctl_look_deinit) = { 0 };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	enum ctl_exit code = ctl_look_or_tell(ctl, &look);

	(void)command;
	(void)arguments;
	if (code != CTL_OK)
		return code;
	if (ctl->options.json) {
		code = ctl_print_json(look.overview);
		look.overview = NULL;
		return code;
	}
	ctl_status_write(ctl, &look, &out);
	return print(&out);
}

/* What the look before saw, for the rate. */
struct last {
	double routed; /* messages */
	uint64_t us;   /* 0: there was none */
};

static enum ctl_exit look_again(struct ctl *ctl, struct last *last)
{
	struct ctl_look look CLEANUP(ctl_look_deinit) = { 0 };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	enum ctl_exit code = ctl_look_or_tell(ctl, &look);
	uint64_t now = clock_mono_us();
	double routed;

	if (code != CTL_OK)
		return code;
	if (ctl->options.json) {
		code = ctl_print_json(look.overview);
		look.overview = NULL;
		return code;
	}
	if (isatty(STDOUT_FILENO))
		ctl_out_as_is(CLEAR_SCREEN, sizeof(CLEAR_SCREEN) - 1);
	ctl_status_write(ctl, &look, &out);
	routed = ctl_json_number(ctl_json_get(look.overview, "totals"), "routed");
	if (last->us)
		buf_printf(&out, "%.0f messages a second\n",
			   fmax(0, routed - last->routed) * (double)US_PER_S /
				   (double)(now - last->us));
	*last = (struct last){ routed, now };
	return print(&out);
}

enum ctl_exit ctl_watch(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct last last = { 0 };
	enum ctl_exit code;
	int64_t n = 0;

	(void)command;
	(void)arguments;
	ctl_catch_signals();
	do {
		code = look_again(ctl, &last);
		if (fflush(stdout) != 0)
			break; /* nobody reads any more */
		n++;
	} while (!(ctl->options.count && n >= ctl->options.count) &&
		 ctl_wait(ctl->options.interval_ms));
	return code;
}
