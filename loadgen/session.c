#include "loadgen/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/rng.h"
#include "common/tls/tls_context.h"
#include "common/tolerance.h"
#include "loadgen/control/control.h"
#include "loadgen/load.h"
#include "loadgen/progress.h"
#include "loadgen/report.h"
#include "loadgen/verify.h"

/* Packets are routed whole, so an analyzer may be off by this number of the largest in any run. */

struct session {
	const struct options *options;
	struct load_config config;
	struct tls_context *tls; /* for targets at https:// URLs */
	struct target *targets;  /* owned, as are the next six */
	struct source *source;
	struct compressor *compressor;
	struct framing framing;
	struct emitter *emitter;
	struct control *control;
	FILE *acked;
	struct verify verify;
	struct verify_tls verify_tls;
	struct stats stats;
};

static int refuse(const char *option, const char *value, const char *why)
{
	options_refuse(option, value, why);
	return SESSION_E_USAGE;
}

static int refuse_file(const char *option, const char *path, int error)
{
	options_refuse_file(option, path, error);
	return SESSION_E_USAGE;
}

/* Its files are read now; those of the system when the first connection needs them. */
static int session_open_tls(struct session *s)
{
	struct tls_config config = options_tls(s->options);
	char why[TLS_WHY_SIZE] = "";
	int r = tls_context_new(&config, &s->tls, why);

	return s->tls  ? 0
	       : r > 0 ? refuse("cert", s->options->cert ? s->options->cert : "", why)
		       : r;
}

static int session_open_targets(struct session *s)
{
	const struct conf_list *urls = &s->options->target;
	int r = 0;

	s->targets = calloc(urls->n_values, sizeof(*s->targets));
	if (!s->targets)
		return -ENOMEM;
	for (size_t i = 0; i < urls->n_values && !r; i++, s->config.n_targets++) {
		r = target_init(&s->targets[i], urls->values[i], &s->options->body,
				s->options->ingest_token);
		s->targets[i].tls = s->tls;
		if (r)
			r = refuse("target", urls->values[i], target_why(r));
	}
	s->config.targets = s->targets;
	return r;
}

static int session_open_writer(struct session *s)
{
	const struct target_body *body = &s->options->body;
	struct rng rng;

	s->config.writer = writer_get(body->format);
	if (s->targets->transport != TARGET_HTTP) {
		s->framing = (struct framing){ .transport = s->targets->transport,
					       .format = body->format,
					       .compress = body->compress };
		rng_init(&rng, 0);
		s->framing.next_message = rng_next(&rng);
		s->config.framing = &s->framing;
	}
	if (body->compress == COMPRESS_NONE)
		return 0;
	s->config.compressor = s->compressor = compressor_new(body->compress);
	return s->compressor ? 0 : -ENOMEM;
}

static int session_open_control(struct session *s)
{
	const struct options *o = s->options;
	struct control_config config = { .addr = o->control_addr,
					 .token = o->control_token,
					 .format = format_names[o->body.format] };

	if (!o->control)
		return 0;
	s->config.emitter = config.emitter = s->emitter = emitter_new(o->rate);
	return s->emitter ? control_start(&config, &s->control) : -ENOMEM;
}

static int session_open_files(struct session *s)
{
	const struct options *o = s->options;
	uint64_t seed = (uint64_t)o->seed;
	int r;

	r = o->replay ? source_new_replay(&s->source, &o->sizes, seed, o->replay)
		      : source_new_synthetic(&s->source, &o->sizes, seed, o->bytes);
	if (r)
		return o->replay ? refuse_file("replay", o->replay, -r) : r;
	if (!o->acked)
		return 0;
	s->acked = s->config.acked = fopen(o->acked, "ae");
	return s->acked ? 0 : refuse_file("acked", o->acked, errno);
}

static void session_configure(struct session *s)
{
	const struct options *o = s->options;

	s->config.rate_per_s = o->rate;
	s->config.duration_ms = o->duration_ms;
	s->config.max_packets = (uint64_t)o->count;
	s->config.max_messages = (uint64_t)o->max_messages;
	s->config.max_backlog = (uint64_t)o->backlog;
	s->config.timeout_ms = o->timeout_ms;
	s->config.n_retries = (uint32_t)o->retries;
	s->config.n_connections = (uint32_t)o->connections;
	s->config.id_prefix = o->prefix;
	s->verify_tls = (struct verify_tls){ o->ca, o->cert, o->key };
}

struct session *session_free(struct session *s)
{
	if (!s)
		return NULL;
	control_stop(s->control);
	emitter_free(s->emitter);
	for (size_t i = 0; i < s->config.n_targets; i++)
		target_deinit(&s->targets[i]);
	free(s->targets);
	tls_context_free(s->tls);
	source_free(s->source);
	compressor_free(s->compressor);
	framing_deinit(&s->framing);
	if (s->acked)
		fclose(s->acked);
	verify_deinit(&s->verify);
	free(s);
	return NULL;
}

int session_new(struct session **sessionp, const struct options *options)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->options = options;
	session_configure(s);
	r = session_open_tls(s);
	if (!r)
		r = session_open_targets(s);
	if (!r)
		r = session_open_writer(s);
	if (!r)
		r = session_open_files(s);
	if (!r)
		r = session_open_control(s);
	if (r) {
		session_free(s);
		return r;
	}
	*sessionp = s;
	return 0;
}

static int session_run_load(struct session *s)
{
	const struct options *o = s->options;
	bool is_terminal = isatty(STDERR_FILENO), shows = o->progress == PROGRESS_ALWAYS;
	struct progress progress;
	int r;

	if (o->progress == PROGRESS_AUTO)
		shows = is_terminal;
	shows &= !o->quiet;
	progress_init(&progress, log_write, is_terminal);
	r = load_run(&s->config, s->source, &s->stats, shows ? progress_show : NULL, &progress);
	progress_end(&progress);
	log_flush(); /* stderr and stdout may be one terminal: the report comes after the progress */
	if (r)
		log_error("loadgen", "the run broke off", "error=%s", strerror(-r));
	return r;
}

/* `verdict` may be NULL. */
static bool session_report(struct session *s, const struct verdict *verdict, bool ok)
{
	ok = ok && stats_all_accepted(&s->stats) && (!verdict || verdict_ok(verdict));
	if (!s->stats.sent.packets && !s->stats.interrupted) {
		log_error("loadgen", "nothing was sent");
		ok = false;
	}
	if (s->options->quiet)
		return ok;
	if (!s->options->json)
		report_print_text(stdout, &s->stats, verdict);
	else if (report_print_json(stdout, &s->stats, verdict, ok))
		return false;
	return fflush(stdout) == 0 && ok;
}

bool session_run(struct session *s)
{
	const struct options *o = s->options;
	CLEANUP(verdict_deinit) struct verdict verdict = { 0 };
	bool ok;

	if (o->verify && verify_init(&s->verify, o->verify, o->admin_token, &s->verify_tls))
		return false;
	ok = session_run_load(s) == 0;
	if (o->verify && verify_judge(&s->verify, (int64_t)s->stats.accepted.messages, o->tolerance,
				      TOLERANCE_PACKETS * (double)s->stats.max_messages, &verdict))
		ok = false;
	return session_report(s, verdict.rows ? &verdict : NULL, ok);
}
