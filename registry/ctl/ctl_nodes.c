#include "registry/ctl/ctl_nodes.h"

#include <stdlib.h>
#include <string.h>

/* "n1/0" is worker 0 of node n1; node ids hold no '/'. */
static size_t id_len(const struct roster_worker *w)
{
	const char *slash = strrchr(w->name, '/');

	return slash ? (size_t)(slash - w->name) : strlen(w->name);
}

static struct ctl_node *find(struct ctl_node *nodes, unsigned n, const struct roster_worker *w)
{
	for (unsigned i = 0; i < n; i++)
		if (strlen(nodes[i].id) == id_len(w) &&
		    memcmp(nodes[i].id, w->name, id_len(w)) == 0)
			return &nodes[i];
	return NULL;
}

/* unreachable: slots "1,~4,!7"; ~ is tried again, ! hangs. */
static void add_reach(struct ctl_node *node, const char *unreachable)
{
	for (const char *p = unreachable; *p;) {
		uint8_t reach = *p == '~' ? REACH_TRIED : *p == '!' ? REACH_HANGS : REACH_CUT;
		char *end;
		unsigned long slot;

		p += reach != REACH_CUT;
		slot = strtoul(p, &end, 10);
		if (end == p)
			break;
		if (slot < ROSTER_MAX_SLOTS && node->reach[slot] < reach)
			node->reach[slot] = reach;
		p = *end == ',' ? end + 1 : end;
	}
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct ctl_node *)a)->id, ((const struct ctl_node *)b)->id);
}

int ctl_nodes_gather(const struct roster *r, struct ctl_node **nodesp, unsigned *n_nodesp)
{
	struct ctl_node *nodes = calloc(r->n_workers + 1, sizeof(*nodes));
	unsigned n = 0;

	if (!nodes)
		return -ENOMEM;
	for (unsigned i = 0; i < r->n_workers; i++) {
		const struct roster_worker *w = &r->workers[i];
		struct ctl_node *node = find(nodes, n, w);

		if (!node) {
			node = &nodes[n++];
			memcpy(node->id, w->name, id_len(w));
		}
		if (node->n_workers++ == 0 || strcmp(w->mode, "leased") == 0)
			memcpy(node->mode, w->mode, sizeof(node->mode));
		add_reach(node, w->unreachable);
	}
	qsort(nodes, n, sizeof(*nodes), by_id);
	*nodesp = nodes;
	*n_nodesp = n;
	return 0;
}

void ctl_nodes_write(const struct roster *r, const struct ctl_node *node, enum ctl_reach reach,
		     struct buf *out)
{
	const char *between = "";

	for (unsigned i = 0; i < r->n_analyzers; i++) {
		if (node->reach[r->analyzers[i].slot] != reach)
			continue;
		buf_printf(out, "%s%s", between, r->analyzers[i].id);
		between = ", ";
	}
}
