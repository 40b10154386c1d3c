#ifndef WEIR_LOADGEN_OPTIONS_H
#define WEIR_LOADGEN_OPTIONS_H
/*
 * The options of weir-loadgen: one table (see common/conf/conf.h), and what is made of their text.
 */
#include "common/conf/conf.h"
#include "common/tls/tls_load.h"
#include "loadgen/sizes.h"
#include "loadgen/target.h"

enum options_progress { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER, PROGRESS_CHOICES };

/* The formats by their names, then by what else they are called. NULL behind the last. */
extern const char *const options_format_names[];

struct options {
	struct conf_list target;
	double rate;
	char *duration;
	int64_t count;
	int64_t max_messages;
	char *messages;
	int format_choice;
	int compress_choice;
	uint64_t bytes;
	char *replay;
	int64_t connections;
	uint64_t timeout_ms;
	int64_t retries;
	int64_t backlog;
	char *verify;
	double tolerance;
	char *acked;
	char *id_prefix;
	int64_t seed;
	char *ca, *cert, *key; /* towards https:// targets; NULL: none */
	char *ingest_token;
	char *admin_token;
	char *control;
	char *control_token;
	bool insecure;
	bool json;
	bool quiet;
	int progress;
	int log_level;
	int log_format;

	/* made of the above */
	uint64_t duration_ms; /* 0: no end by time */
	struct sizes sizes;
	struct target_body body;
	struct net_addr control_addr; /* where there is one */
	char prefix[65];              /* of ids: as given, or random */
};

/* 0 (options_free after use), CONF_E_DONE, CONF_E_USAGE (said on stderr), or negative. */
int options_load(struct options *options, int argc, char **argv) MUST_CHECK;
/* Towards https:// targets; borrows what the options have. */
struct tls_config options_tls(const struct options *options);
/* The value of an option is refused: one line on stderr; CONF_E_USAGE. */
int options_refuse(const char *name, const char *value, const char *why);
int options_refuse_file(const char *name, const char *path, int error);
void options_free(struct options *options);

#endif
