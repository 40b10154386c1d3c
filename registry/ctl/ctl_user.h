#ifndef WEIR_REGISTRY_CTL_USER_H
#define WEIR_REGISTRY_CTL_USER_H
#include <stddef.h>

#define CTL_USER_SIZE 96

/* Who runs weirctl, and where: "ops@desk". */
void ctl_user_write(char out[CTL_USER_SIZE]);

#endif
