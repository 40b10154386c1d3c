/* Analyzers that DNS lists. Names mean what they mean to every other program of the machine. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/net_url.h"
#include "node/discover/discover_source.h"
#include "registry/membership.h"

#define ANSWER_BYTES 65536
static_assert(ANSWER_BYTES > UINT16_MAX, "the longest answer of a name server fits");

/* The pattern's URL at another host. */
static bool write_url(const struct source *s, const char *host, uint16_t port, struct target *t)
{
	const char *behind, *path;
	enum net_scheme scheme = net_url_scheme(s->pattern.url, &behind);
	bool is_v6 = strchr(host, ':') != NULL;
	int n;

	assert(scheme != NET_SCHEMES);
	path = strchr(behind, '/');
	n = snprintf(t->url, sizeof(t->url), "%s://%s%s%s:%u%s", net_scheme_name(scheme),
		     is_v6 ? "[" : "", host, is_v6 ? "]" : "", port, path ? path : "");
	return n > 0 && (size_t)n < sizeof(t->url);
}

/* False: it cannot be listed, and `why` says why. Then there is no list at all: whom a list leaves
 * out leaves the pool. */
static bool add(const struct source *s, const char *prefix, const char *host, uint16_t port,
		double weight, struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	struct target t = s->pattern;
	const char *wrong = membership_check_weight(weight);

	static_assert(TARGETS_MOST == 1024, "as the text below says");
	t.weight = weight;
	target_make_id(prefix, host, port, t.id);
	if (!wrong)
		wrong = write_url(s, host, port, &t)
				? membership_check_url(t.url)
				: "its URL would have more than 512 characters";
	target_write_spec(&t, s->name);
	if (!wrong && !target_list_add(list, &t))
		wrong = "there are more than 1024 records, or there is no memory";
	if (wrong)
		snprintf(why, SOURCE_WHY_SIZE, "%.200s:%u: %.150s", host, port, wrong);
	return !wrong;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct target *)a)->id, ((const struct target *)b)->id);
}

/* Name servers turn their answers round. */
static bool sort(struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	if (list->n == 0)
		snprintf(why, SOURCE_WHY_SIZE, "the name has no such records");
	else
		qsort(list->targets, list->n, sizeof(*list->targets), by_id);
	return list->n > 0;
}

bool discover_dns_addresses(const struct source *s, struct target_list *list,
			    char why[SOURCE_WHY_SIZE])
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	struct net_url url;
	char label[64], host[NI_MAXHOST];
	bool ok = true;
	int code = getaddrinfo(s->host, NULL, &hints, &found);

	if (code != 0 || net_url_parse_analyzer(&url, s->pattern.url) != 0) {
		snprintf(why, SOURCE_WHY_SIZE, "%s", gai_strerror(code));
		return false;
	}
	snprintf(label, sizeof(label), "%.*s", (int)strcspn(s->host, "."), s->host);
	for (const struct addrinfo *ai = found; ai && ok; ai = ai->ai_next)
		if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), NULL, 0,
				NI_NUMERICHOST) == 0)
			ok = add(s, label, host, url.port, s->pattern.weight, list, why);
	freeaddrinfo(found);
	return ok && sort(list, why);
}

/* ---- SRV: RFC 2782 ---- */

struct service {
	unsigned priority, weight;
	uint16_t port;
	char host[NET_HOST_SIZE];
};

/* False: it is no SRV record, or "not available here" (the root). */
static bool read_record(ns_msg *message, int i, struct service *service)
{
	ns_rr record;
	const unsigned char *data;

	if (ns_parserr(message, ns_s_an, i, &record) != 0 || ns_rr_type(record) != ns_t_srv ||
	    ns_rr_rdlen(record) < 7)
		return false;
	data = ns_rr_rdata(record);
	service->priority = ns_get16(data);
	service->weight = ns_get16(data + 2);
	service->port = (uint16_t)ns_get16(data + 4);
	if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + 6, service->host,
		      sizeof(service->host)) < 0)
		return false;
	return service->port && service->host[0] && strcmp(service->host, ".") != 0;
}

/* The lowest priority, and whether any of its records has a weight. */
static void find_lowest(ns_msg *message, unsigned *priorityp, bool *is_weightedp)
{
	struct service service;

	*priorityp = UINT32_MAX;
	*is_weightedp = false;
	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		if (!read_record(message, i, &service) || service.priority > *priorityp)
			continue;
		if (service.priority < *priorityp)
			*is_weightedp = false;
		*priorityp = service.priority;
		*is_weightedp |= service.weight > 0;
	}
}

bool discover_dns_records(const struct source *s, const unsigned char *answer, int len,
			  struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	ns_msg message;
	struct service service;
	unsigned priority;
	bool is_weighted;

	if (ns_initparse(answer, len, &message) != 0) {
		snprintf(why, SOURCE_WHY_SIZE, "the answer of the name server cannot be read");
		return false;
	}
	find_lowest(&message, &priority, &is_weighted);
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++)
		if (read_record(&message, i, &service) && service.priority == priority &&
		    !add(s, "", service.host, service.port,
			 s->pattern.weight * (is_weighted ? service.weight : 1), list, why))
			return false;
	return sort(list, why);
}

static bool query(struct __res_state *resolver, const struct source *s, unsigned char *answer,
		  struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	int len = res_nquery(resolver, s->host, ns_c_in, ns_t_srv, answer, ANSWER_BYTES);

	if (len >= 0)
		return discover_dns_records(s, answer, len < ANSWER_BYTES ? len : ANSWER_BYTES,
					    list, why);
	snprintf(why, SOURCE_WHY_SIZE, "%s", hstrerror(resolver->res_h_errno));
	return false;
}

bool discover_dns_service(const struct source *s, struct target_list *list,
			  char why[SOURCE_WHY_SIZE])
{
	struct __res_state resolver = { 0 };
	unsigned char *answer = malloc(ANSWER_BYTES);
	bool ok = false;

	if (!answer || res_ninit(&resolver) != 0) {
		snprintf(why, SOURCE_WHY_SIZE, "the resolver cannot be set up");
		free(answer);
		return false;
	}
	ok = query(&resolver, s, answer, list, why);
	res_nclose(&resolver);
	free(answer);
	return ok;
}
