/* The command top: looks each second, and draws what it saw, or that it saw nothing. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_frame.h"
#include "registry/ctl/ctl_screen.h"
#include "registry/scripts.h"

#define LOOK_MS 1000
#define CALL_MS 500 /* a Redis that hangs must not make the keys wait */

struct top {
	struct ctl *ctl;
	struct ctl_history history;
	struct reports reports; /* on the latest of it */
	char trouble[256];      /* "": the last look was fine */
	uint64_t seen_us;       /* when one last was */
	enum ctl_window window;
	bool colour;
};

static void look(struct top *top)
{
	struct roster *roster = NULL;
	struct reports reports;
	int r = membership_roster(top->ctl->client, &roster);

	top->trouble[0] = '\0';
	if (r == 0)
		r = reports_read(top->ctl->client, &top->ctl->keys, NULL, roster, &reports);
	if (r == 0) {
		top->seen_us = clock_mono_us();
		ctl_history_push(&top->history, roster, top->seen_us);
		reports_deinit(&top->reports);
		top->reports = reports;
		return;
	}
	roster_unref(roster);
	snprintf(top->trouble, sizeof(top->trouble), "%s",
		 r == CLIENT_E_AWAY || r == CLIENT_E_REPLY ? client_error(top->ctl->client)
		 : r == MEMBERSHIP_E_ANSWER                ? "an answer that is not understood"
							   : strerror(-r));
}

static int draw(const struct top *top)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	struct ctl_view frame = {
		.pool = top->ctl->options.pool,
		.history = &top->history,
		.reports = top->reports.nodes ? &top->reports : NULL,
		.trouble = top->trouble[0] ? top->trouble : NULL,
		.age_s = (double)(clock_mono_us() - top->seen_us) / US_PER_S,
		.now_s = (time_t)(clock_wall_us() / US_PER_S),
		.colour = top->colour,
		.window = top->window,
	};

	ctl_screen_size(&frame.columns, &frame.rows);
	ctl_frame_write(&frame, &lines);
	return ctl_screen_draw(&lines);
}

/* Until it is time to look again; true: it is to end. */
static bool heed_keys(struct top *top, uint64_t due_us)
{
	uint64_t now;

	while ((now = clock_mono_us()) < due_us) {
		switch (ctl_screen_wait((due_us - now + US_PER_MS - 1) / US_PER_MS)) {
		case 'q':
		case 'Q':
		case CTL_KEY_END:
			return true;
		case 'w':
			top->window = (top->window + 1) % WINDOWS;
			break;
		case CTL_KEY_DRAW:
			break;
		default:
			continue;
		}
		if (draw(top) != 0)
			return true;
	}
	return false;
}

static void run(struct top *top)
{
	uint64_t due_us;

	do {
		due_us = clock_mono_us() + LOOK_MS * US_PER_MS;
		look(top);
	} while (draw(top) == 0 && !heed_keys(top, due_us));
}

enum ctl_exit ctl_top(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct top top = { .ctl = ctl };
	const char *no_colour = getenv("NO_COLOR"), *trouble = ctl_screen_check();
	int r;

	(void)command;
	(void)arguments;
	if (ctl->options.json)
		return ctl_usage("top: it has no JSON: take weirctl watch --json");
	if (trouble)
		return ctl_usage("top: %s: take weirctl watch, which writes the status again and "
				 "again",
				 trouble);
	top.colour = !(no_colour && *no_colour);
	client_free(ctl->client);
	ctl->client = client_new(
		&ctl->url, registry_scripts(&ctl->keys),
		ctl->options.timeout_ms < CALL_MS ? (unsigned)ctl->options.timeout_ms : CALL_MS);
	if (!ctl->client)
		return ctl_fail("out of memory");
	r = ctl_screen_open();
	if (r == 0)
		run(&top);
	ctl_screen_close();
	ctl_history_deinit(&top.history);
	reports_deinit(&top.reports);
	return r == 0 ? CTL_OK : ctl_fail("the terminal: %s", strerror(-r));
}
