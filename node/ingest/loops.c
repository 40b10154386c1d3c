#include "node/ingest/loops.h"

#include <string.h>

void loops_deinit(struct loops *l)
{
	roster_unref(l->roster);
	l->roster = NULL;
}

void loops_set_roster(struct loops *l, struct roster *roster)
{
	roster_unref(l->roster);
	l->roster = roster_ref(roster);
}

static bool is_text(const char *data, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(data, text, len) == 0;
}

static bool is_own_mark(const struct loops *l, const char *mark, size_t len)
{
	if (is_text(mark, len, l->mark))
		return true;
	for (unsigned i = 0; l->roster && i < l->roster->n_workers; i++)
		if (len && is_text(mark, len, l->roster->workers[i].mark))
			return true;
	return false;
}

/* "pool/mark"; without a mark the name alone counts. */
static bool is_own_pool(const struct loops *l, struct http_slice element)
{
	const char *slash = memchr(element.data, '/', element.len);
	size_t len = slash ? (size_t)(slash - element.data) : element.len;

	if (!is_text(element.data, len, l->pool))
		return false;
	return !slash || is_own_mark(l, slash + 1, element.len - len - 1);
}

/* Before nodes named their pools. */
static bool is_own_node(const struct loops *l, struct http_slice id)
{
	if (is_text(id.data, id.len, l->node_id))
		return true;
	for (unsigned i = 0; l->roster && i < l->roster->n_workers; i++) {
		const char *name = l->roster->workers[i].name;

		if (is_text(id.data, id.len, "") || strncmp(name, id.data, id.len) != 0)
			continue;
		if (name[id.len] == '/')
			return true;
	}
	return false;
}

/* Beyond the bound it is the bound and one more. */
static unsigned read_hops(struct http_slice text)
{
	unsigned hops = 0;

	for (size_t i = 0; i < text.len && hops <= LOOPS_MAX_HOPS; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		hops = 10 * hops + (unsigned)(text.data[i] - '0');
	}
	return hops <= LOOPS_MAX_HOPS ? hops : LOOPS_MAX_HOPS + 1;
}

static struct http_slice next_element(struct http_slice *list)
{
	const char *comma = memchr(list->data, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->data) : list->len;
	struct http_slice element = { list->data, len };

	list->data += comma ? len + 1 : len;
	list->len -= comma ? len + 1 : len;
	while (element.len && *element.data == ' ') {
		element.data++;
		element.len--;
	}
	while (element.len && element.data[element.len - 1] == ' ')
		element.len--;
	return element;
}

enum refusal loops_judge(const struct loops *l, const struct http_head *head, unsigned *n_hopsp)
{
	struct http_slice list = head->weir_pool;
	unsigned n_hops = read_hops(head->weir_hops), n_pools = 0;

	while (list.len) {
		struct http_slice element = next_element(&list);

		if (is_own_pool(l, element))
			return REFUSAL_LOOP;
		n_pools += element.len > 0;
	}
	if (!n_pools && head->weir_node.len && is_own_node(l, head->weir_node))
		return REFUSAL_LOOP;
	*n_hopsp = n_hops > n_pools ? n_hops : n_pools;
	if (*n_hopsp > LOOPS_MAX_HOPS || head->weir_pool.len > LOOPS_MAX_VIA)
		return REFUSAL_TOO_MANY_HOPS;
	return REFUSAL_NONE;
}
