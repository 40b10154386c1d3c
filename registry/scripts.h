#ifndef WEIR_REGISTRY_SCRIPTS_H
#define WEIR_REGISTRY_SCRIPTS_H
/*
 * The Lua scripts of lua/, embedded with their SHA1 by cmake/embed_lua.cmake. The header of each
 * script in lua/ is its documentation.
 */
#include "registry/keys.h"
#include "registry/redis/script.h"

enum script_id {
	SCRIPT_REGISTER,
	SCRIPT_RENEW,
	SCRIPT_DEREGISTER,
	SCRIPT_SET,
	SCRIPT_ROUTE,
	SCRIPT_SETTLE,
	SCRIPT_ROSTER,
	SCRIPT_STATUS,
	SCRIPT_SPILL_PUSH,
	SCRIPT_SPILL_TAKE,
	SCRIPT_SPILL_DONE,
	SCRIPT_BURY,
	SCRIPT_REPLAY,
	SCRIPT_ENTRIES,
	SCRIPT_MEND,
	SCRIPT_SPILL_LOOK,
	SCRIPT_CLAIM,
	SCRIPT_SPILL_VOID,
	SCRIPT_KEEP,
	SCRIPTS
};

extern const struct script scripts[SCRIPTS];

/* The scripts with the keys of one pool, for a connection; borrows the keys. */
struct script_set registry_scripts(const struct registry_keys *keys);

#endif
