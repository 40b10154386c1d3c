#ifndef WEIR_REGISTRY_CTL_FOLD_H
#define WEIR_REGISTRY_CTL_FOLD_H
/*
 * Lines that say the same within a minute become one line, and how many more there were. Pure: time is
 * a parameter.
 */
#include <stdbool.h>
#include <stdint.h>

#define CTL_FOLD_KEY 512

struct ctl_fold {
	char key[CTL_FOLD_KEY]; /* what the last line says; "": there was none */
	uint64_t us;            /* when it was written */
	unsigned n_more;        /* left out since then, as they say the same */
};

/* False: the line is left out. n: lines that it stands for. */
bool ctl_fold_take(struct ctl_fold *fold, const char *key, unsigned n, uint64_t now_us);
/* True: the line that is to be written, or the time, ends the row of those that were left out:
 * "N more like it" is to be written first. key: of that line, NULL: there is none. *np: how many. */
bool ctl_fold_ends(struct ctl_fold *fold, const char *key, uint64_t now_us, unsigned *np);

#endif
