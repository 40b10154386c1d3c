#include "common/front/front_config.h"

const char *const front_close_names[] = {
	"answered", "by_client", "reset", "timeout", "no_room", "no_memory", "stopped",
};
static_assert(ARRAY_LEN(front_close_names) == FRONT_CLOSES, "every reason has a name");
