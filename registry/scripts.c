#include "registry/scripts.h"

struct script_set registry_scripts(const struct registry_keys *keys)
{
	return (struct script_set){ .scripts = scripts,
				    .n_scripts = SCRIPTS,
				    .keys = keys->names,
				    .channel = keys->names[KEY_EVENTS] };
}
