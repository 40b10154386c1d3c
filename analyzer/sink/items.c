#include "analyzer/sink/items.h"

#define KEEP_MAX_BYTES (4u << 20)

void items_deinit(struct items *items)
{
	buf_deinit(&items->bytes);
	free(items->list);
	*items = (struct items){ 0 };
}

void items_clear(struct items *items)
{
	if (items->bytes.capacity > KEEP_MAX_BYTES)
		items_deinit(items);
	buf_clear(&items->bytes);
	items->n = 0;
}

int items_end_one(struct items *items)
{
	const struct item *last = items->n ? &items->list[items->n - 1] : NULL;
	size_t start = last ? last->start + last->len : 0;

	if (items->bytes.failed)
		return -ENOMEM;
	if (items->bytes.len == start)
		return 0;
	if (items->n == items->capacity) {
		size_t capacity = items->capacity ? 2 * items->capacity : 64;
		struct item *list = reallocarray(items->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		items->list = list;
		items->capacity = capacity;
	}
	items->list[items->n++] = (struct item){ start, items->bytes.len - start, ITEM_PENDING };
	return 0;
}

size_t items_count(const struct items *items, enum item_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < items->n; i++)
		n += items->list[i].state == state;
	return n;
}
