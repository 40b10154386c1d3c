#include "registry/ctl/ctl_fold.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define WITHIN_US (60 * US_PER_S)

static bool is_same(const struct ctl_fold *fold, const char *key, uint64_t now_us)
{
	return fold->key[0] && now_us - fold->us < WITHIN_US &&
	       strncmp(fold->key, key, sizeof(fold->key) - 1) == 0;
}

bool ctl_fold_take(struct ctl_fold *fold, const char *key, unsigned n, uint64_t now_us)
{
	if (is_same(fold, key, now_us)) {
		fold->n_more += n;
		return false;
	}
	snprintf(fold->key, sizeof(fold->key), "%s", key);
	fold->us = now_us;
	return true;
}

bool ctl_fold_ends(struct ctl_fold *fold, const char *key, uint64_t now_us, unsigned *np)
{
	*np = fold->n_more;
	if (fold->n_more == 0 || (key ? is_same(fold, key, now_us) : now_us - fold->us < WITHIN_US))
		return false;
	fold->n_more = 0;
	return true;
}
