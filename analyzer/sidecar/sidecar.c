#include "analyzer/sidecar/sidecar.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "analyzer/membership.h"
#include "analyzer/sidecar/sidecar_command.h"
#include "analyzer/sidecar/sidecar_health.h"
#include "common/clock.h"
#include "common/log.h"

static const int passed_on[] = { SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

enum sidecar_state {
	SIDECAR_KEEPING, /* it keeps the server registered */
	SIDECAR_LEAVING, /* it deregisters, and deliveries under way end */
	SIDECAR_ENDING,  /* the command has been told to end */
	SIDECAR_STATES
};

struct sidecar {
	const struct sidecar_config *config;
	enum sidecar_state state; /* written by sidecar_set_state alone */
	struct member member;
	struct sidecar_health *health;
	struct membership *membership;
	struct sidecar_command command;
	int signal_fd;
	int end_signal; /* what the command gets at the end */
	bool has_left;
	bool was_taken;   /* another process has the id */
	uint64_t left_us; /* when it had left */
};

static void sidecar_set_state(struct sidecar *s, enum sidecar_state state)
{
	static const char *const names[SIDECAR_STATES] = { "keeping", "leaving", "ending" };

	assert(state > s->state);
	log_info("sidecar", "state", "from=%s to=%s", names[s->state], names[state]);
	s->state = state;
}

/* Before any thread starts, so that all of them leave signals to signal_fd. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
		sigaddset(&set, passed_on[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static uint64_t on_processed(void *arg)
{
	return sidecar_health_processed(((struct sidecar *)arg)->health);
}

static bool on_is_well(void *arg)
{
	return sidecar_health_is_well(((struct sidecar *)arg)->health);
}

static int join(struct sidecar *s)
{
	const struct sidecar_config *config = s->config;
	const struct membership_hooks hooks = { .processed = on_processed,
						.is_well = on_is_well,
						.arg = s };

	s->member = (struct member){
		.id = config->id,
		.url = config->url,
		.delivery_token = config->delivery_token,
		.accepts = sidecar_accepts_names[config->accepts],
		.encoding = config->encoding == SIDECAR_IDENTITY
				    ? NULL
				    : sidecar_encoding_names[config->encoding],
		.headers = &config->headers,
		.weight = config->weight,
		.ttl_ms = config->ttl_ms,
		.slow_start_ms = config->slow_start_ms,
		.max_batch_packets = config->max_batch_packets,
		.max_batch_bytes = config->max_batch_bytes,
		.replace = config->replace,
		.registries = &config->registries,
		.ca = config->ca,
		.cert = config->cert,
		.key = config->key,
		.register_token = &config->register_token,
	};
	return membership_start(&s->member, &hooks, &s->membership);
}

static int start(struct sidecar *s, char **command)
{
	int r = 0;

	s->signal_fd = open_signals();
	if (s->signal_fd < 0)
		return -errno;
	if (command)
		r = sidecar_command_start(&s->command, command);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (r == 0)
		r = sidecar_health_start(s->config, &s->health);
	return r == 0 ? join(s) : r;
}

static void leave(struct sidecar *s, const char *why)
{
	if (s->state != SIDECAR_KEEPING)
		return;
	log_info("sidecar", "leaving", "reason=%s", why);
	sidecar_set_state(s, SIDECAR_LEAVING);
	membership_leave(s->membership);
}

static void on_signal(struct sidecar *s, int number)
{
	if (number == SIGCHLD) {
		sidecar_command_reap(&s->command);
		if (s->command.is_over)
			leave(s, "the command has ended");
	} else if (number != SIGTERM && number != SIGINT) {
		sidecar_command_signal(&s->command, number);
	} else {
		s->end_signal = number;
		if (s->state == SIDECAR_KEEPING)
			leave(s, "signal");
		else if (s->state == SIDECAR_LEAVING)
			s->left_us = 1; /* no longer than this */
		else
			sidecar_command_signal(&s->command, number);
	}
}

/* Its end: it left, or another process has the id. */
static void on_membership_end(struct sidecar *s)
{
	s->has_left = true;
	s->was_taken = membership_state(s->membership) == MEMBER_TAKEN;
	if (!s->left_us)
		s->left_us = clock_mono_us();
	if (s->state == SIDECAR_KEEPING) {
		log_error("sidecar", "another process has the id", "id=%s", s->config->id);
		sidecar_set_state(s, SIDECAR_LEAVING);
	}
}

/* How long until the command is told, in ms; 0: now. -1: it has not left yet. */
static int drain_left_ms(const struct sidecar *s)
{
	uint64_t end_us = s->left_us + s->config->drain_delay_ms * US_PER_MS,
		 now_us = clock_mono_us();

	if (!s->has_left && s->left_us != 1)
		return -1;
	return now_us >= end_us || s->left_us == 1 ? 0 : (int)((end_us - now_us) / US_PER_MS) + 1;
}

/* False: all is over. */
static bool turn(struct sidecar *s)
{
	struct pollfd fds[] = {
		{ .fd = s->signal_fd, .events = POLLIN },
		{ .fd = s->has_left ? -1 : membership_end_fd(s->membership), .events = POLLIN },
	};
	struct signalfd_siginfo info;
	bool is_leaving = s->state == SIDECAR_LEAVING;

	if (is_leaving && drain_left_ms(s) == 0) {
		sidecar_set_state(s, SIDECAR_ENDING);
		sidecar_command_signal(&s->command, s->end_signal);
	}
	if (s->state == SIDECAR_ENDING && (!s->command.pid || s->command.is_over))
		return false;
	if (is_leaving && s->command.is_over && s->has_left)
		return false; /* nothing is there that could still take deliveries */
	poll(fds, ARRAY_LEN(fds), s->state == SIDECAR_LEAVING ? drain_left_ms(s) : -1);
	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info))
		on_signal(s, (int)info.ssi_signo);
	if (fds[1].revents && !s->has_left)
		on_membership_end(s);
	return true;
}

int sidecar_run(const struct sidecar_config *config, char **command)
{
	struct sidecar s = { .config = config, .signal_fd = -1, .end_signal = SIGTERM };
	int r = start(&s, command);

	if (r != 0) {
		log_error("sidecar", "cannot start", "reason=%s", strerror(-r));
		sidecar_command_signal(&s.command, SIGTERM);
		return EXIT_FAILURE;
	}
	while (turn(&s))
		;
	membership_free(s.membership);
	sidecar_health_free(s.health);
	close(s.signal_fd);
	curl_global_cleanup();
	if (s.command.pid)
		return s.command.status;
	return s.was_taken ? EXIT_FAILURE : EXIT_SUCCESS;
}
