#include "node/node_tls.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"

#define PROTOCOL "http/1.1"
#define INGEST_PROTOCOLS "h2,http/1.1"

const char *const node_tls_names[] = { "ingest", "admin", "deliver" };
static_assert(ARRAY_LEN(node_tls_names) == NODE_TLS_PARTS, "every part has a name");

static const char *const cert_options[] = { "tls-cert", "admin-tls-cert", "deliver-cert" };

static const char *const *texts(const struct conf_list *list)
{
	return (const char *const *)list->values;
}

static struct tls_config server_config(const struct node_tls_options *o,
				       const struct conf_list *certs, const struct conf_list *keys)
{
	return (struct tls_config){ .role = TLS_SERVER,
				    .certs = texts(certs),
				    .n_certs = certs->n_values,
				    .keys = texts(keys),
				    .n_keys = keys->n_values,
				    .password_file = o->key_password_file,
				    .min = (enum tls_min)o->min,
				    .alpn = PROTOCOL };
}

static struct tls_config ingest_config(const struct node_tls_options *o)
{
	struct tls_config config = server_config(o, &o->cert, &o->key);

	config.ca = o->client_ca;
	config.crl = o->client_ca ? o->client_crl : NULL;
	config.verify = (enum tls_verify)o->client_verify;
	config.alpn = INGEST_PROTOCOLS;
	return config;
}

static struct tls_config admin_config(const struct node_tls_options *o)
{
	bool has_own = o->admin_cert.n_values > 0;
	struct tls_config config = server_config(o, has_own ? &o->admin_cert : &o->cert,
						 has_own ? &o->admin_key : &o->key);

	config.ca = o->admin_client_ca;
	config.crl = o->admin_client_ca ? o->client_crl : NULL;
	config.verify = (enum tls_verify)o->admin_client_verify;
	return config;
}

/* The lists of one entry are within the options, which last. */
static struct tls_config deliver_config(const struct node_tls_options *o)
{
	return (struct tls_config){ .role = TLS_CLIENT,
				    .certs = (const char *const *)&o->deliver_cert,
				    .n_certs = o->deliver_cert ? 1 : 0,
				    .keys = (const char *const *)&o->deliver_key,
				    .n_keys = o->deliver_key ? 1 : 0,
				    .ca = o->deliver_ca,
				    .alpn = PROTOCOL };
}

static bool is_wanted(const struct node_tls_options *o, enum node_tls_part part)
{
	switch (part) {
	case NODE_TLS_INGEST:
		return o->listen || o->syslog_listen || o->gelf_listen || o->forward_listen;
	case NODE_TLS_ADMIN:
		return o->admin_listen != NULL;
	default:
		return o->deliver_ca != NULL || o->deliver_cert != NULL;
	}
}

static struct tls_config config_of(const struct node_tls_options *o, enum node_tls_part part)
{
	return part == NODE_TLS_INGEST  ? ingest_config(o)
	       : part == NODE_TLS_ADMIN ? admin_config(o)
					: deliver_config(o);
}

/* What the lists alone say. NULL: nothing is wrong. */
static const char *fault_of(const struct node_tls_options *o, enum node_tls_part part,
			    const struct tls_config *config)
{
	if (part != NODE_TLS_DELIVER && config->n_certs == 0)
		return "is missing: a TLS port needs a certificate";
	if (config->n_certs > TLS_MAX_CERTS)
		return "names more than 32 certificates";
	if (config->n_keys > config->n_certs)
		return "names fewer certificates than there are keys";
	if (config->n_keys > 0 && config->n_keys < config->n_certs)
		return "names more certificates than there are keys";
	if (part == NODE_TLS_INGEST && o->client_names.n_values > 0 && !o->client_ca)
		return "is not enough for tls-client-names, which needs tls-client-ca, too";
	if (part == NODE_TLS_INGEST && o->client_names.n_values > NODE_TLS_NAMES_MOST)
		return "stands beside more than 64 tls-client-names: use patterns like *.example.com";
	return NULL;
}

int node_tls_check(const struct node_tls_options *o, bool is_strict, const char **optionp,
		   char why[TLS_WHY_SIZE])
{
	for (enum node_tls_part part = 0; part < NODE_TLS_PARTS; part++) {
		struct tls_config config = config_of(o, part);
		const char *fault = is_wanted(o, part) ? fault_of(o, part, &config) : NULL;
		struct tls_set *set = NULL;
		int r;

		*optionp = cert_options[part];
		if (!is_wanted(o, part))
			continue;
		if (fault) {
			snprintf(why, TLS_WHY_SIZE, "%s", fault);
			return TLS_E_FILE;
		}
		r = tls_load(&config, time(NULL), &set, why);
		tls_set_unref(set);
		if (r != 0 && (r != TLS_E_EXPIRED || is_strict))
			return r;
	}
	return 0;
}

static int init_part(struct node_tls *t, const struct node_tls_options *o, enum node_tls_part part)
{
	struct tls_config config = config_of(o, part);
	char why[TLS_WHY_SIZE] = "out of memory";
	int r = tls_context_new(&config, &t->contexts[part], why);

	if (t->contexts[part])
		return 0; /* the watch tells of what has expired */
	log_error("node", "TLS cannot be set up", "of=%s reason=%s", node_tls_names[part], why);
	return r < 0 ? r : -EINVAL;
}

int node_tls_init(struct node_tls *t, const struct node_tls_options *options)
{
	struct tls_watched watched[NODE_TLS_PARTS];
	unsigned n = 0;
	int r = 0;

	for (enum node_tls_part part = 0; part < NODE_TLS_PARTS && r == 0; part++) {
		bool has_files = is_wanted(options, part);

		if (has_files || part == NODE_TLS_DELIVER)
			r = init_part(t, options, part);
		if (has_files)
			watched[n++] = (struct tls_watched){ .what = node_tls_names[part],
							     .context = t->contexts[part] };
	}
	return r == 0 ? tls_watch_new(watched, n, &t->watch) : r;
}

void node_tls_deinit(struct node_tls *t)
{
	tls_watch_free(t->watch);
	for (enum node_tls_part part = 0; part < NODE_TLS_PARTS; part++)
		tls_context_free(t->contexts[part]);
}

int64_t node_tls_expires(const struct node_tls *t, enum node_tls_part part)
{
	return t->contexts[part] ? tls_context_expires(t->contexts[part]) : 0;
}
