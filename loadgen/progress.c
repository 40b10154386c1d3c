#include "loadgen/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "loadgen/report.h"

#define BAR_CELLS 20
#define MAX_TEXT 512

void progress_init(struct progress *p, progress_show_text_fn show_text, bool is_terminal)
{
	*p = (struct progress){ .show_text = show_text, .is_terminal = is_terminal };
}

static void format_bar(double done, char bar[BAR_CELLS + 1])
{
	size_t n_full = (size_t)(done * BAR_CELLS);

	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', n_full < BAR_CELLS ? n_full : BAR_CELLS);
	bar[BAR_CELLS] = 0;
}

/* False: too early for the next line. */
static bool progress_measure(struct progress *p, const struct load_progress *now)
{
	const struct stats *s = now->stats;
	uint64_t since_us = now->now_us - (p->last_us ? p->last_us : s->start_us);

	if (!p->is_terminal && p->last_us && since_us < US_PER_S)
		return false;
	if (since_us)
		p->packets_per_s = (double)(s->sent.packets - p->last_n_packets) *
				   (double)US_PER_S / (double)since_us;
	p->last_us = now->now_us;
	p->last_n_packets = s->sent.packets;
	return true;
}

void progress_show(void *arg, const struct load_progress *now)
{
	struct progress *p = arg;
	const struct stats *s = now->stats;
	char bar[BAR_CELLS + 1], p99[REPORT_TIME_SIZE], text[MAX_TEXT];
	int len;

	if (!progress_measure(p, now))
		return;
	format_bar(now->done, bar);
	report_format_us(histogram_percentile(&s->latency_us, 99), p99);
	len = snprintf(text, sizeof(text),
		       "%s[%s] %3.0f%% %.1fs  %.0f/s  accepted %" PRIu64 " refused %" PRIu64
		       " failed %" PRIu64 "  p99 %s  backlog %" PRIu64 "%s",
		       p->is_terminal ? "\r" : "", bar, now->done * 100,
		       (double)(now->now_us - s->start_us) / (double)US_PER_S, p->packets_per_s,
		       s->accepted.packets, s->refused.packets, s->failed.packets, p99,
		       now->backlog, p->is_terminal ? "\033[K" : "\n");
	assert(len > 0 && (size_t)len < sizeof(text));
	p->show_text(text, (size_t)len);
}

void progress_end(struct progress *p)
{
	if (p->is_terminal && p->last_us)
		p->show_text("\n", 1);
}
