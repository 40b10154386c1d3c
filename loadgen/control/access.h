#ifndef WEIR_LOADGEN_CONTROL_ACCESS_H
#define WEIR_LOADGEN_CONTROL_ACCESS_H
/* Who may give orders. Pure. */
#include "common/err.h"

struct control_asker {
	const char *origin, *host, *site; /* Origin, Host, Sec-Fetch-Site; NULL: absent */
	const char *authorization;
};

enum control_access {
	CONTROL_ALLOWED,
	CONTROL_OTHER_PAGE, /* a page from elsewhere asks, through somebody's browser */
	CONTROL_OTHER_NAME, /* its page is called by a name, which may be anybody's */
	CONTROL_NO_TOKEN
};

/* token NULL: none is asked for. */
enum control_access control_access(const struct control_asker *asker, const char *token);

#endif
