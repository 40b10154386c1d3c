#include "node/discover/discover_lists.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "common/log.h"
#include "node/discover/header_book.h"

/* ---- what the options say ---- */

static struct target *find(struct target_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->targets[i].id, id) == 0)
			return &list->targets[i];
	return NULL;
}

static const char *check_analyzer(const char *text, const struct net_allow *allow,
				  struct target_list *seen)
{
	struct target t;
	const char *why = target_parse(&t, text);

	if (!why && target_refuses(&t, allow))
		why = "has an address that analyzer-allow does not allow";
	if (!why && find(seen, t.id))
		why = "has the id of another analyzer of the list";
	if (!why && !target_list_add(seen, &t))
		why = "is one analyzer too many";
	return why;
}

const char *discover_check_analyzers(const struct conf_list *const lists[STATIC_LISTS],
				     const struct net_allow *allow, const char **badp)
{
	struct target_list seen = { 0 };
	const char *why = NULL;

	for (unsigned k = 0; k < STATIC_LISTS && !why; k++) {
		for (size_t i = 0; i < lists[k]->n_values && !why; i++) {
			*badp = lists[k]->values[i];
			why = check_analyzer(*badp, allow, &seen);
		}
	}
	target_list_deinit(&seen);
	return why;
}

static bool is_for_any(const char *line, const struct conf_list *const lists[STATIC_LISTS])
{
	struct target t;

	for (unsigned k = 0; k < STATIC_LISTS; k++)
		for (size_t i = 0; i < lists[k]->n_values; i++)
			if (!target_parse(&t, lists[k]->values[i]) &&
			    header_book_is_for(line, t.id))
				return true;
	return false;
}

const char *discover_check_headers(const struct conf_list *headers,
				   const struct conf_list *const lists[STATIC_LISTS],
				   const struct conf_list *sources)
{
	const char *why = header_book_check(headers);

	for (size_t i = 0; i < headers->n_values && !why && !sources->n_values; i++)
		if (!is_for_any(headers->values[i], lists))
			why = "a header is for no analyzer that --analyzer or --analyzers lists";
	return why;
}

const char *discover_check_sources(const struct conf_list *sources, const char **badp)
{
	AUTO_FREE struct source *source = malloc(sizeof(*source));
	const char *why = source ? NULL : "cannot be read: out of memory";

	static_assert(SOURCES_MOST == 64, "as the text below says");
	for (size_t i = 0; i < sources->n_values && !why; i++) {
		*badp = sources->values[i];
		why = i == SOURCES_MOST ? "is one source too many: there may be 64"
					: source_parse(source, *badp);
	}
	return why;
}

/* ---- life ---- */

static int take_options(struct discover_lists *all,
			const struct conf_list *const analyzers[STATIC_LISTS])
{
	struct origin_list *list = &all->lists[all->n++];

	assert(all->n == 1); /* an id belongs to the first list, and that is this one */
	strcpy(list->name, "static");
	list->has_read = true;
	for (unsigned k = 0; k < STATIC_LISTS; k++) {
		for (size_t i = 0; i < analyzers[k]->n_values; i++) {
			struct target t;

			if (target_parse(&t, analyzers[k]->values[i]))
				return -EINVAL;
			target_write_spec(&t, list->name);
			if (!target_list_add(&list->list, &t))
				return -ENOMEM;
		}
	}
	return 0;
}

int discover_lists_init(struct discover_lists *all,
			const struct conf_list *const analyzers[STATIC_LISTS],
			const struct conf_list *sources, uint64_t interval_ms, int event_fd)
{
	AUTO_FREE struct source *source = malloc(sizeof(*source));
	int r = source ? take_options(all, analyzers) : -ENOMEM;

	all->is_changed = true;
	for (size_t i = 0; i < sources->n_values && r == 0; i++) {
		struct origin_list *list = &all->lists[all->n];

		if (all->n == ARRAY_LEN(all->lists) || source_parse(source, sources->values[i]))
			return -EINVAL;
		all->n++;
		strcpy(list->name, source->name);
		r = discover_watch_start(source, interval_ms, event_fd, &list->watch);
	}
	return r;
}

void discover_lists_deinit(struct discover_lists *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		discover_watch_stop(all->lists[i].watch);
		target_list_deinit(&all->lists[i].list);
	}
}

/* ---- what is in them ---- */

/* Takes the list. What is as it was has been announced. */
static void adopt(struct origin_list *list, struct target_list *news)
{
	for (size_t i = 0; i < news->n; i++) {
		const struct target *old = find(&list->list, news->targets[i].id);

		news->targets[i].is_announced =
			old && old->is_announced && strcmp(old->spec, news->targets[i].spec) == 0;
	}
	target_list_deinit(&list->list);
	list->list = *news;
	list->has_read = true;
}

static void log_refused(const struct origin_list *list, const struct net_allow *allow)
{
	for (size_t i = 0; i < list->list.n; i++) {
		const struct target *t = &list->list.targets[i];
		const char *why = target_refuses(t, allow);

		if (why)
			log_warn("discover", "a listed analyzer is not allowed",
				 "analyzer=%s url=%s source=%s reason=%s runbook=%s", t->id, t->url,
				 list->name, why,
				 LOG_RUNBOOK "a-source-of-analyzers-cannot-be-read");
	}
}

bool discover_lists_gather(struct discover_lists *all, const struct net_allow *allow)
{
	bool is_ready = true;

	assert(all->n > 0 && all->n <= ARRAY_LEN(all->lists)); /* the options are one */
	for (unsigned i = 0; i < all->n; i++) {
		struct origin_list *list = &all->lists[i];
		struct target_list news;
		bool is_news;

		if (!list->watch)
			continue;
		is_ready &= discover_watch_take(list->watch, &news, &is_news) != WATCH_PENDING;
		if (!is_news)
			continue;
		adopt(list, &news);
		log_refused(list, allow);
		all->is_changed = all->has_news = true;
	}
	return is_ready;
}

const struct target *discover_lists_find(struct discover_lists *all, const char *id,
					 const char **sourcep)
{
	for (unsigned i = 0; i < all->n; i++) {
		const struct target *t = find(&all->lists[i].list, id);

		*sourcep = all->lists[i].name;
		if (t)
			return t;
	}
	return NULL;
}

bool discover_lists_have_headers(const struct discover_lists *all)
{
	for (unsigned i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->lists[i].list.n; k++)
			if (all->lists[i].list.targets[k].headers)
				return true;
	return false;
}

void discover_lists_mark(struct discover_lists *all, bool is_announced)
{
	for (unsigned i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->lists[i].list.n; k++)
			all->lists[i].list.targets[k].is_announced = is_announced;
}

/* ---- for the registry ---- */

static cJSON *entry_json(const struct target *t)
{
	cJSON *entry = cJSON_CreateArray();

	cJSON_AddItemToArray(entry, cJSON_CreateString(t->id));
	cJSON_AddItemToArray(entry, cJSON_CreateString(t->spec));
	cJSON_AddItemToArray(entry, cJSON_CreateNumber(t->is_announced ? 0 : 1));
	return entry;
}

static void add_entries(struct discover_lists *all, const struct origin_list *list,
			const struct net_allow *allow, cJSON *entries)
{
	const char *source;

	for (size_t k = 0; k < list->list.n; k++) {
		const struct target *t = &list->list.targets[k];

		if (discover_lists_find(all, t->id, &source) == t && !target_refuses(t, allow))
			cJSON_AddItemToArray(entries, entry_json(t));
	}
}

char *discover_lists_request(struct discover_lists *all, const struct net_allow *allow,
			     const char *instance)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *entries = cJSON_AddArrayToObject(json, "entries");
	cJSON *unknown = cJSON_AddArrayToObject(json, "unknown");
	char *text;

	cJSON_AddStringToObject(json, "instance", instance);
	for (unsigned i = 0; i < all->n; i++) {
		if (!all->lists[i].has_read)
			cJSON_AddItemToArray(unknown, cJSON_CreateString(all->lists[i].name));
		add_entries(all, &all->lists[i], allow, entries);
	}
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	return text;
}
