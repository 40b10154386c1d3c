#include "analyzer/analyzer.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "analyzer/membership.h"
#include "analyzer/registration.h"
#include "analyzer/server.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/net/net_bracket.h"
#include "common/rng.h"
#include "common/service.h"

#define GRACE_IDLE_US (300 * US_PER_MS) /* leaving, it stops when nothing came for so long */
#define GRACE_MAX_US (3 * US_PER_S)     /* or after this */
#define GRACE_STEP_MS 50
#define TOKEN_BYTES 16

struct analyzer {
	const struct config *config;
	struct stats *stats;
	struct faults *faults;
	struct intake *intake;
	struct sinks *sinks; /* NULL: none is configured */
	char made_token[2 * TOKEN_BYTES + 1];
	const char *delivery_token; /* of deliveries; NULL: none is asked for */
	struct server *server;
	struct buf delivery_url;
	struct member member;
	struct membership *membership; /* NULL: it does not register */
	int signal_fd;
	struct config *reloaded; /* `config`, to be changed on SIGHUP */
	int argc;                /* where it is read from */
	char **argv;
};

/* Before any thread starts, so that all of them leave signals to signal_fd. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Who does not register tells nobody a token that it makes. */
static int choose_token(struct analyzer *a)
{
	const struct config *config = a->config;

	if (config->open_deliveries)
		return 0;
	a->delivery_token = config->delivery_token;
	if (a->delivery_token || config->registries.n_values == 0)
		return 0;
	a->delivery_token = a->made_token;
	return rng_token(a->made_token, TOKEN_BYTES);
}

static uint64_t on_processed(void *arg)
{
	return stats_processed(((struct analyzer *)arg)->stats);
}

static void on_registered(void *arg, bool is_registered)
{
	stats_set_registered(((struct analyzer *)arg)->stats, is_registered);
}

static void on_call(void *arg, enum membership_call call)
{
	stats_count_call(((struct analyzer *)arg)->stats, call);
}

static void on_fault(void *arg, const char *fault)
{
	faults_set_remote(((struct analyzer *)arg)->faults, fault);
}

static int join(struct analyzer *a)
{
	const struct config *config = a->config;
	const struct membership_hooks hooks = { .processed = on_processed,
						.on_registered = on_registered,
						.on_call = on_call,
						.on_fault = on_fault,
						.arg = a };

	a->member = (struct member){
		.id = config->id,
		.url = buf_str(&a->delivery_url),
		.delivery_token = a->delivery_token,
		.accepts = accepts_names[config->accepts],
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
	return a->delivery_url.failed ? -ENOMEM
				      : membership_start(&a->member, &hooks, &a->membership);
}

/* Where nodes deliver: by gRPC if there is a port for it, else by TLS if there is one. */
static void write_url(struct analyzer *a)
{
	const struct config *config = a->config;
	const char *path = config->accepts == ACCEPTS_REQUEST ? "/*" : "/ingest";

	if (config->advertise)
		net_bracket_url(&a->delivery_url, config->advertise);
	else if (config->grpc_listen)
		registration_delivery_url(&a->delivery_url, config->tls_cert ? "grpcs" : "grpc",
					  server_grpc_addr(a->server), "");
	else if (config->listen_tls)
		registration_delivery_url(&a->delivery_url, "https", server_tls_addr(a->server),
					  path);
	else
		registration_delivery_url(&a->delivery_url, "http", server_addr(a->server), path);
}

static int announce(struct analyzer *a)
{
	char addr[NET_ADDR_STRLEN];

	net_addr_format(server_addr(a->server), addr);
	log_info("analyzer", "listening", "addr=%s id=%s", addr, a->config->id);
	if (a->config->listen_tls) {
		net_addr_format(server_tls_addr(a->server), addr);
		log_info("analyzer", "listening with TLS", "addr=%s", addr);
	}
	if (a->config->grpc_listen) {
		net_addr_format(server_grpc_addr(a->server), addr);
		log_info("analyzer", "listening for gRPC", "addr=%s", addr);
	}
	if (a->config->registries.n_values == 0)
		return 0;
	write_url(a);
	return join(a);
}

static int open_sinks(struct analyzer *a)
{
	const struct config *config = a->config;
	const struct sink_options options = {
		.target = config->sink_target,
		.analyzer = config->id,
		.timeout_ms = config->sink_timeout_ms,
		.ca = config->sink_ca,
		.header_file = config->sink_header_file,
		.outbox = config->sink_outbox,
		.outbox_max_bytes = config->sink_outbox_max_bytes,
		.hold_ms = config->sink_hold_ms,
		.file_max_bytes = config->sink_file_max_bytes,
		.file_count = (unsigned)config->sink_file_count,
		.udp_rate = (unsigned)config->sink_udp_rate,
	};
	int r;

	if (!config->sink)
		return 0;
	r = sinks_new(&options, &a->sinks);
	if (r == 0)
		stats_show_sink(a->stats, sinks_counters(a->sinks));
	return r;
}

static int analyzer_init(struct analyzer *a)
{
	struct fault own = { .delay_ms = (uint32_t)a->config->delay_ms,
			     .error_rate = a->config->error_rate };
	int r;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	a->signal_fd = open_signals();
	if (a->signal_fd < 0)
		return -errno;
	a->stats = stats_new();
	a->faults = faults_new(&own);
	if (!a->stats || !a->faults)
		return -ENOMEM;
	r = choose_token(a);
	if (!r)
		r = intake_new(a->config, &a->intake);
	if (!r)
		r = open_sinks(a);
	if (!r)
		r = server_start(
			&(struct ingest){ a->config, a->intake, a->stats, a->faults, a->sinks },
			a->delivery_token, &a->server);
	return r ? r : announce(a);
}

/* Of one that could not be started. */
static void analyzer_free(struct analyzer *a)
{
	server_stop(a->server);
	sinks_free(a->sinks);
	intake_free(a->intake);
	faults_free(a->faults);
	stats_free(a->stats);
	buf_deinit(&a->delivery_url);
	if (a->signal_fd >= 0)
		close(a->signal_fd);
	free(a);
	curl_global_cleanup();
}

int analyzer_new(const struct config *config, struct analyzer **analyzerp)
{
	struct analyzer *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->config = config;
	a->signal_fd = -1;
	r = analyzer_init(a);
	if (r)
		analyzer_free(a);
	else
		*analyzerp = a;
	return r;
}

/* Waits for SIGTERM or SIGINT, or for the end of the membership if watched too. true: one of those
 * signals came. SIGHUP is heeded, and ends the wait as well. */
static bool wait_signal(struct analyzer *a, bool watch_membership, int timeout_ms)
{
	bool is_watched = watch_membership && a->membership;
	struct pollfd fds[] = {
		{ .fd = a->signal_fd, .events = POLLIN },
		{ .fd = is_watched ? membership_end_fd(a->membership) : -1, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	poll(fds, ARRAY_LEN(fds), timeout_ms);
	if (read(a->signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	service_reloading();
	if (config_reload(a->reloaded, a->argc, a->argv) < 0)
		log_error("analyzer", "out of memory");
	service_ready();
	return false;
}

static bool is_member(const struct analyzer *a)
{
	return a->membership && membership_state(a->membership) < MEMBER_TAKEN;
}

/* Deregisters and serves what is still on its way. By HTTP/2 that takes until connections have heard of
 * the end twice. */
static void analyzer_leave(struct analyzer *a)
{
	uint64_t start_us = clock_mono_us(), left_us = start_us, now_us = start_us;

	server_drain(a->server);
	faults_stop(a->faults);
	if (is_member(a))
		membership_leave(a->membership);
	while (now_us - start_us < GRACE_MAX_US) {
		if (wait_signal(a, false, GRACE_STEP_MS)) {
			log_warn("analyzer", "second signal, leaving at once");
			log_flush();
			_exit(EXIT_FAILURE);
		}
		now_us = clock_mono_us();
		if (is_member(a))
			left_us = now_us;
		if (now_us - left_us >= GRACE_IDLE_US &&
		    server_idle_us(a->server) >= GRACE_IDLE_US && !server_has_h2(a->server))
			return;
	}
}

int analyzer_run(struct analyzer *a, struct config *config, int argc, char **argv)
{
	bool signalled;

	a->reloaded = config;
	a->argc = argc;
	a->argv = argv;
	service_ready();
	do
		signalled = wait_signal(a, true, -1);
	while (!signalled && (!a->membership || is_member(a)));
	service_stopping();
	log_info("analyzer", "leaving", "reason=%s", signalled ? "signal" : "id taken");
	analyzer_leave(a);
	membership_free(a->membership);
	a->membership = NULL;
	sinks_drain(a->sinks, a->config->sink_timeout_ms);
	return signalled ? EXIT_SUCCESS : EXIT_FAILURE;
}
