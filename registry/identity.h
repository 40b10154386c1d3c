#ifndef WEIR_REGISTRY_IDENTITY_H
#define WEIR_REGISTRY_IDENTITY_H
/*
 * Which process a node is. It goes into the registry with the node's info, so that another process that
 * starts with the same node id can say who has it, and can tell whether that one still lives.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define IDENTITY_STRLEN 72

struct identity {
	char host[IDENTITY_STRLEN];   /* its name */
	char boot[IDENTITY_STRLEN];   /* of the kernel since it started; "" = not known */
	char pids[IDENTITY_STRLEN];   /* in which namespace `pid` is; "" = not known */
	char listen[IDENTITY_STRLEN]; /* its ingest port */
	char mark[9]; /* at random: other nodes know by it that a packet came from here */
	int64_t pid;
	uint64_t started; /* ticks after boot; 0 = not known */
};

enum identity_life {
	IDENTITY_ENDED,  /* it ran on this machine, and no longer does */
	IDENTITY_LIVES,  /* it runs on this machine */
	IDENTITY_UNKNOWN /* it is, or was, on another machine or in another container */
};

/* Of this process. */
void identity_init(struct identity *me, const char *listen);
/* Its port is known. */
void identity_set_listen(struct identity *me, const char *listen);
/* Adds the fields mark, host, boot, pids, listen, pid and started. */
void identity_write(const struct identity *me, cJSON *json);
/* False: the text is not what identity_write makes. */
bool identity_read(struct identity *other, const char *json);
enum identity_life identity_judge(const struct identity *me, const struct identity *other);

#endif
