#ifndef WEIR_NODE_ADMIN_BODY_H
#define WEIR_NODE_ADMIN_BODY_H
/*
 * The one reader of bodies at the admin port: one JSON object, whose fields a table names. What the
 * table does not name, names twice, or has otherwise is refused, with a sentence that says so.
 */
#include "common/front/front_request.h"

enum body_kind {
	BODY_TEXT,
	BODY_NUMBER, /* from min to max */
	BODY_WHOLE,  /* the same without a fraction */
	BODY_BOOL,
	BODY_LIST,
	BODY_OBJECT
};

struct body_field {
	const char *name;
	enum body_kind kind;
	const char *expected; /* "a number from 0 to 1000000" */
	bool is_needed;
	bool may_be_null; /* then it counts as given */
	double min,
		max; /* of a number; of a text, a list or an object the length, where max is not 0 */
	const char *const *choices;              /* of a text; NULL-terminated */
	const char *(*check)(const char *value); /* why a text cannot be; NULL: it can */
};

#define BODY_FIELDS_MAX 16

/* What was given, by the index of its field. */
struct body {
	cJSON *json;
	const cJSON *values[BODY_FIELDS_MAX]; /* NULL: it was not given */
};

/* False: the request is answered. An empty body is {}. body_deinit either way. */
bool body_read(struct front_request *rq, const struct body_field *fields, unsigned n_fields,
	       struct body *body) MUST_CHECK;
void body_deinit(struct body *body);

const char *body_text(const struct body *body, unsigned field, const char *fallback);
double body_number(const struct body *body, unsigned field, double fallback);
bool body_is_true(const struct body *body, unsigned field);

#endif
