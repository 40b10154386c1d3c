#ifndef WEIR_NODE_DISCOVER_SOURCE_H
#define WEIR_NODE_DISCOVER_SOURCE_H
/*
 * A place that lists analyzers, as --discover names it:
 *
 *   dns+http://NAME[:PORT][/PATH][*WEIGHT]             each address (A, AAAA) is an analyzer
 *   dns+http://_SERVICE._tcp.DOMAIN[/PATH][*WEIGHT]    each SRV record; weights are multiplied
 *   file:PATH                                          JSON in the shape of Prometheus' file_sd
 *
 * source_read blocks: it is for a thread of its own.
 */
#include "node/discover/discover_target.h"

#define SOURCE_PATH_MAX 4096
#define SOURCE_WHY_SIZE 400

enum source_kind { SOURCE_STATIC, SOURCE_ADDRESSES, SOURCE_SERVICE, SOURCE_FILE, SOURCE_KINDS };

struct source {
	enum source_kind kind;
	char name[SOURCE_TEXT_MAX + 1]; /* for people and the registry: "dns loki.example.com" */
	char host[NET_HOST_SIZE];       /* of DNS: what is looked up */
	struct target pattern;          /* of DNS: what each of them has in common */
	char path[SOURCE_PATH_MAX];     /* of a file */
};

/* NULL, or why the text names no source (static). */
const char *source_parse(struct source *s, const char *text);
/* What is listed there now. False: it cannot be read, and `why` says why. */
bool source_read(const struct source *s, struct target_list *list,
		 char why[SOURCE_WHY_SIZE]) MUST_CHECK;

/* Each address of the host. */
bool discover_dns_addresses(const struct source *s, struct target_list *list,
			    char why[SOURCE_WHY_SIZE]) MUST_CHECK;
/* The SRV records of the lowest priority. */
bool discover_dns_service(const struct source *s, struct target_list *list,
			  char why[SOURCE_WHY_SIZE]) MUST_CHECK;
/* The records of one answer of a name server; see above. */
bool discover_dns_records(const struct source *s, const unsigned char *answer, int len,
			  struct target_list *list, char why[SOURCE_WHY_SIZE]) MUST_CHECK;
/* The targets of a file's text. `why` names the line. */
bool discover_file_parse(const struct source *s, const char *text, size_t len,
			 struct target_list *list, char why[SOURCE_WHY_SIZE]) MUST_CHECK;
bool discover_file_read(const struct source *s, struct target_list *list,
			char why[SOURCE_WHY_SIZE]) MUST_CHECK;

#endif
