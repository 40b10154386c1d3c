#include "registry/redis/redis_place.h"

#include <string.h>

void redis_place_publish(struct redis_url *url, struct redis_place *place)
{
	struct redis_place *old = &url->place;

	pthread_mutex_lock(&url->lock);
	place->number = old->number + (strcmp(old->address, place->address) != 0 ||
				       old->host.port != place->host.port);
	*old = *place;
	pthread_mutex_unlock(&url->lock);
}
