#include "registry/ctl/ctl_user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one who called sudo is who is asked later. */
static void write_name(char *out, size_t size)
{
	const char *sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	char scratch[1024];
	struct passwd entry, *found = NULL;

	if (sudo && *sudo)
		snprintf(out, size, "%s", sudo);
	else if (getpwuid_r(getuid(), &entry, scratch, sizeof(scratch), &found) == 0 && found)
		snprintf(out, size, "%s", found->pw_name);
	else
		snprintf(out, size, "uid-%u", (unsigned)getuid());
}

void ctl_user_write(char out[CTL_USER_SIZE])
{
	char name[40], host[48] = "somewhere";

	write_name(name, sizeof(name));
	if (gethostname(host, sizeof(host) - 1) != 0)
		strcpy(host, "somewhere");
	snprintf(out, CTL_USER_SIZE, "%s@%s", name, host);
	for (char *p = out; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '?';
}
