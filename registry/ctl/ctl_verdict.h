#ifndef WEIR_REGISTRY_CTL_VERDICT_H
#define WEIR_REGISTRY_CTL_VERDICT_H
/*
 * What weirctl verify found: one line for each check, for people or for programs.
 */
#include "registry/ctl/ctl.h"

struct verdict {
	bool is_ok;    /* all of them are */
	cJSON *checks; /* owned; [{"check","ok","detail",...}] */
};

void verdict_start(struct verdict *v); /* without checks; v was zeroed or used before */
/* The check, for figures of its own; borrowed from v. */
cJSON *verdict_add(struct verdict *v, const char *name, bool is_ok, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* To stdout; takes the checks. Returns the exit code. */
enum ctl_exit verdict_print(struct verdict *v, bool as_json);

#endif
