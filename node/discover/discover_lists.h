#ifndef WEIR_NODE_DISCOVER_LISTS_H
#define WEIR_NODE_DISCOVER_LISTS_H
/*
 * What a node lists: the analyzers of its options first, then those of each source. An id belongs to the
 * first list that names it.
 */
#include "common/conf/conf_option.h"
#include "node/discover/discover_watch.h"

#define SOURCES_MOST 64
#define STATIC_LISTS 2

struct origin_list {
	char name[SOURCE_TEXT_MAX + 1];
	struct discover_watch *watch; /* NULL: the options */
	bool has_read;                /* at least once */
	struct target_list list;
};

struct discover_lists {
	struct origin_list lists[1 + SOURCES_MOST];
	unsigned n;
	bool is_changed; /* since it was last set to false */
	bool has_news;   /* the same; a source was read anew */
};

/* Starts to watch the sources. Negative errno; deinit either way. */
int discover_lists_init(struct discover_lists *all,
			const struct conf_list *const analyzers[STATIC_LISTS],
			const struct conf_list *sources, uint64_t interval_ms,
			int event_fd) MUST_CHECK;
void discover_lists_deinit(struct discover_lists *all);

/* Takes what is new, and logs what may not live where it does. False: some source was not looked at yet. */
bool discover_lists_gather(struct discover_lists *all, const struct net_allow *allow) MUST_CHECK;
/* NULL: it is not listed. */
const struct target *discover_lists_find(struct discover_lists *all, const char *id,
					 const char **sourcep);
/* Whether any of them has headers of its own. */
bool discover_lists_have_headers(const struct discover_lists *all);
/* Whether all of them have been announced to the registry as they are. */
void discover_lists_mark(struct discover_lists *all, bool is_announced);
/* What lua/keep.lua takes as JSON, the caller's to free. NULL: out of memory. */
char *discover_lists_request(struct discover_lists *all, const struct net_allow *allow,
			     const char *instance);

/*
 * What is wrong with the texts: NULL, or a static sentence, with the text itself in *badp. Two analyzers of
 * one id are wrong too.
 */
const char *discover_check_analyzers(const struct conf_list *const lists[STATIC_LISTS],
				     const struct net_allow *allow, const char **badp);
/* Lines of header_book.h. Without sources each of them must be for one of the lists. */
const char *discover_check_headers(const struct conf_list *headers,
				   const struct conf_list *const lists[STATIC_LISTS],
				   const struct conf_list *sources);
const char *discover_check_sources(const struct conf_list *sources, const char **badp);

#endif
