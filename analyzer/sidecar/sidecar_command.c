#include "analyzer/sidecar/sidecar_command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

#define CANNOT_RUN 126
#define NOT_FOUND 127

static void become(char **argv)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "weir-sidecar: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

int sidecar_command_start(struct sidecar_command *command, char **argv)
{
	*command = (struct sidecar_command){ 0 };
	command->pid = fork();
	if (command->pid < 0)
		return -errno;
	if (command->pid == 0)
		become(argv);
	log_info("sidecar", "command started", "pid=%d command=%s", (int)command->pid, argv[0]);
	return 0;
}

void sidecar_command_signal(const struct sidecar_command *command, int number)
{
	if (command->pid > 0 && !command->is_over && kill(command->pid, number) != 0)
		log_warn("sidecar", "the signal cannot be passed on", "signal=%d reason=%s", number,
			 strerror(errno));
}

void sidecar_command_reap(struct sidecar_command *command)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command->pid)
			continue; /* an orphan */
		command->is_over = true;
		command->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		log_info("sidecar", "command ended", "pid=%d status=%d", (int)pid, command->status);
	}
}
