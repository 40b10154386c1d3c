/* The command top: looks each second, and draws what it saw, or that it saw nothing. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_frame.h"
#include "registry/ctl/ctl_look.h"
#include "registry/ctl/ctl_screen.h"
#include "registry/ctl/ctl_status_write.h"
#include "registry/scripts.h"

#define LOOK_MS 1000
#define CALL_MS 500 /* a Redis that hangs must not make the keys wait */
#define NODE_MS 2000

struct top {
	struct ctl *ctl;
	struct ctl_history history;
	cJSON *overview;                /* of the latest of it; owned */
	char trouble[CTL_WHY_SIZE + 8]; /* "": the last look was fine */
	char whose[CTL_WHY_SIZE];       /* "": the figures are those of the pool */
	uint64_t seen_us;               /* when one last was */
	enum ctl_window window;
	bool colour;
};

static void look(struct top *top)
{
	struct buf whose CLEANUP(buf_deinit) = { 0 };
	struct ctl_look found;
	char why[CTL_WHY_SIZE];
	int r = ctl_look(top->ctl, &found, why);

	if (r != 0) {
		snprintf(top->trouble, sizeof(top->trouble), "%s%s",
			 r == CTL_LOOK_E_NODE ? "" : "Redis: ", why);
		return;
	}
	ctl_status_write_whose(&found, &whose);
	snprintf(top->whose, sizeof(top->whose), "%.*s", (int)strcspn(buf_str(&whose), "\n"),
		 buf_str(&whose));
	top->trouble[0] = '\0';
	top->seen_us = clock_mono_us();
	ctl_history_push(&top->history, found.roster, top->seen_us);
	cJSON_Delete(top->overview);
	top->overview = found.overview;
}

static int draw(const struct top *top)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	struct ctl_view frame = {
		.pool = top->ctl->options.pool,
		.history = &top->history,
		.overview = top->overview,
		.trouble = top->trouble[0] ? top->trouble : NULL,
		.whose = top->whose[0] ? top->whose : NULL,
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

/* Calls that take long would make the keys wait. A node may take a second for a new overview. */
static bool make_quick(struct ctl *ctl)
{
	uint64_t most_ms = ctl->options.admin ? NODE_MS : CALL_MS;

	if (ctl->options.timeout_ms > most_ms)
		ctl->options.timeout_ms = most_ms;
	if (ctl->options.admin)
		return true;
	client_free(ctl->client);
	ctl->client = client_new(&ctl->url, registry_scripts(&ctl->keys),
				 (unsigned)ctl->options.timeout_ms);
	return ctl->client != NULL;
}

enum ctl_exit ctl_top(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct top top = { .ctl = ctl };
	const char *no_colour = getenv("NO_COLOR"), *trouble = ctl_screen_check();
	int r;

	(void)command;
	(void)arguments;
	if (ctl->options.json)
		return ctl_usage("top has no JSON: take weirctl watch --json");
	if (trouble)
		return ctl_usage("%s: take weirctl watch, which writes the status again and again",
				 trouble);
	top.colour = !(no_colour && *no_colour);
	if (!make_quick(ctl))
		return ctl_fail("out of memory");
	r = ctl_screen_open();
	if (r == 0)
		run(&top);
	ctl_screen_close();
	ctl_history_deinit(&top.history);
	cJSON_Delete(top.overview);
	return r == 0 ? CTL_OK : ctl_fail("the terminal: %s", strerror(-r));
}
