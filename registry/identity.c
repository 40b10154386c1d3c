#include "registry/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/rng.h"

#define STAT_STARTED 22 /* the field of /proc/PID/stat with the time of the start */

static void read_line(const char *path, char out[IDENTITY_STRLEN])
{
	FILE *file = fopen(path, "re");

	out[0] = '\0';
	if (!file)
		return;
	if (fgets(out, IDENTITY_STRLEN, file))
		out[strcspn(out, "\n")] = '\0';
	fclose(file);
}

/* When a process was started; 0: it is gone, or may not be looked at. */
static uint64_t read_started(int64_t pid)
{
	char path[64], line[1024] = "";
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	at = strrchr(line, ')'); /* the name before it may hold anything */
	for (int field = 2; at && field < STAT_STARTED; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

void identity_init(struct identity *me, const char *listen)
{
	struct rng rng;
	ssize_t n;

	memset(me, 0, sizeof(*me));
	if (gethostname(me->host, sizeof(me->host) - 1) != 0)
		me->host[0] = '\0';
	read_line("/proc/sys/kernel/random/boot_id", me->boot);
	n = readlink("/proc/self/ns/pid", me->pids, sizeof(me->pids) - 1);
	me->pids[n > 0 ? n : 0] = '\0';
	me->pid = getpid();
	me->started = read_started(me->pid);
	rng_init(&rng, 0);
	snprintf(me->mark, sizeof(me->mark), "%08x", (unsigned)rng_range(&rng, 0, UINT32_MAX));
	identity_set_listen(me, listen);
}

void identity_set_listen(struct identity *me, const char *listen)
{
	snprintf(me->listen, sizeof(me->listen), "%.*s", IDENTITY_STRLEN - 1, listen);
}

void identity_write(const struct identity *me, cJSON *json)
{
	cJSON_AddStringToObject(json, "mark", me->mark);
	cJSON_AddStringToObject(json, "host", me->host);
	cJSON_AddStringToObject(json, "boot", me->boot);
	cJSON_AddStringToObject(json, "pids", me->pids);
	cJSON_AddStringToObject(json, "listen", me->listen);
	cJSON_AddNumberToObject(json, "pid", (double)me->pid);
	cJSON_AddNumberToObject(json, "started", (double)me->started);
}

static void take_text(char out[IDENTITY_STRLEN], const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	snprintf(out, IDENTITY_STRLEN, "%s", text ? text : "");
}

static double take_number(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

	return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 1e15
		       ? item->valuedouble
		       : 0;
}

bool identity_read(struct identity *other, const char *text)
{
	cJSON *json = cJSON_Parse(text);
	char mark[IDENTITY_STRLEN];

	memset(other, 0, sizeof(*other));
	take_text(other->host, json, "host");
	take_text(mark, json, "mark");
	snprintf(other->mark, sizeof(other->mark), "%.8s", mark);
	take_text(other->boot, json, "boot");
	take_text(other->pids, json, "pids");
	take_text(other->listen, json, "listen");
	other->pid = (int64_t)take_number(json, "pid");
	other->started = (uint64_t)take_number(json, "started");
	cJSON_Delete(json);
	return other->host[0] && other->pid > 0;
}

enum identity_life identity_judge(const struct identity *me, const struct identity *other)
{
	if (!other->boot[0] || !other->pids[0] || other->pid <= 0 || other->started == 0 ||
	    strcmp(me->host, other->host) != 0 || strcmp(me->pids, other->pids) != 0)
		return IDENTITY_UNKNOWN;
	if (strcmp(me->boot, other->boot) != 0) /* the machine was started anew */
		return IDENTITY_UNKNOWN;
	if (kill((pid_t)other->pid, 0) != 0 && errno == ESRCH)
		return IDENTITY_ENDED;
	return read_started(other->pid) == other->started ? IDENTITY_LIVES : IDENTITY_ENDED;
}
