#ifndef WEIR_ANALYZER_SIDECAR_COMMAND_H
#define WEIR_ANALYZER_SIDECAR_COMMAND_H
/*
 * The server as a child process: started, given signals, and reaped with any orphan that process 1 gets.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

struct sidecar_command {
	pid_t pid;    /* 0: there is none */
	bool is_over; /* it has ended */
	int status;   /* then: as a shell has it, 128 and the signal that ended it */
};

/* argv ends with NULL. The child has no signal blocked. Negative errno. */
int sidecar_command_start(struct sidecar_command *command, char **argv) MUST_CHECK;
void sidecar_command_signal(const struct sidecar_command *command, int number);
/* Takes every child that has ended. */
void sidecar_command_reap(struct sidecar_command *command);

#endif
