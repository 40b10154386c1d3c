#ifndef WEIR_ANALYZER_MESSAGE_H
#define WEIR_ANALYZER_MESSAGE_H
/*
 * One log message, whatever its format was: a flat list of fields, and which of them are its text, its
 * time, its level and its host. Values stay as they were written, so a number keeps all its digits.
 *
 *   {"msg":"hi","level":30,"req":{"id":7}}  ->  text hi, level 6, field "req.id" 7
 *
 * What is outside of the message and true for it (labels of a stream, attributes of a resource, members
 * beside the array of messages) comes first in the list, is the `context`, and yields to the message's own.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/json/json_scan.h"

#define MESSAGE_MAX_FIELDS 200
#define MESSAGE_MAX_DEPTH 6 /* of objects in each other; deeper ones are kept as their JSON text */
#define MESSAGE_MAX_NAME 200
#define MESSAGE_MAX_KEY (6 * MESSAGE_MAX_NAME) /* of a name, if each byte is an escape */
#define MESSAGE_MAX_CONTEXT 2048               /* bytes of names and values around a message */

enum message_kind {
	MESSAGE_TEXT, /* between quotes, escapes as written */
	MESSAGE_NUMBER,
	MESSAGE_BOOL,
	MESSAGE_JSON /* an array, or an object that is nested too deep */
};

struct message_field {
	uint32_t name, name_len; /* in `names`: keys, joined by dots, without escapes */
	enum message_kind kind;
	bool is_inside;          /* it stands in `object` */
	struct json_slice value; /* borrowed from the packet */
};

/* Zeroed: empty. One is used for message after message, so that its memory is. */
struct message {
	struct json_slice object; /* as it came, with its braces; len 0: it was no object */
	struct json_slice raw;    /* any value, as it came */
	struct message_field fields[MESSAGE_MAX_FIELDS];
	size_t n_fields;
	size_t n_context;  /* of the fields, the first ones */
	size_t n_left_out; /* fields beyond the limits */
	struct buf names;  /* owned */
	struct buf path;   /* owned; of the field that is being read */
	uint64_t now_ns;   /* for times without a year; set by whoever walks */
	/* What message_settle has found: indexes of fields, -1: there is none. */
	int text, time, level_field, host;
	uint64_t time_ns; /* where time >= 0 */
	int level;        /* of syslog; -1: unknown */
};

/* A state of the list to go back to. */
struct message_mark {
	size_t n_fields, n_context, names_len;
};

void message_deinit(struct message *m);
struct message_mark message_mark(const struct message *m);
void message_rewind(struct message *m, const struct message_mark *mark);

/* Appends a field under `path`; one that is beyond a limit is counted as left out. -ENOMEM. */
int message_add(struct message *m, enum message_kind kind, struct json_slice value,
		bool is_inside) MUST_CHECK;
/* What was added so far is context from now on. */
void message_end_context(struct message *m);
/* Finds text, time, level and host. */
void message_settle(struct message *m);

const char *message_name(const struct message *m, const struct message_field *field);
/* Whether `field` is one of those that message_settle has found. */
bool message_is_found(const struct message *m, size_t index);
/* Another field goes by the same name and before it: one of the message itself before what is around it,
 * else the last one. */
bool message_is_hidden(const struct message *m, size_t index);

#endif
