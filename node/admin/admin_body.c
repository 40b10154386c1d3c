#include "node/admin/admin_body.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_names.h"
#include "common/json/json_read.h"
#include "node/admin/admin_api.h"

#define MAX_SHOWN 64 /* bytes of a name that nobody knows */

static bool is_within(const struct body_field *f, double value)
{
	return isfinite(value) && value >= f->min && value <= f->max;
}

static bool is_choice(const struct body_field *f, const char *text)
{
	for (const char *const *choice = f->choices; choice && *choice; choice++)
		if (strcmp(*choice, text) == 0)
			return true;
	return !f->choices;
}

static bool is_text(const struct body_field *f, const cJSON *value)
{
	const char *text = cJSON_GetStringValue(value);

	return text && (f->max == 0 || is_within(f, (double)strlen(text))) && is_choice(f, text) &&
	       !(f->check && f->check(text));
}

static bool is_fine(const struct body_field *f, const cJSON *value)
{
	if (cJSON_IsNull(value))
		return f->may_be_null;
	switch (f->kind) {
	case BODY_TEXT:
		return is_text(f, value);
	case BODY_NUMBER:
		return cJSON_IsNumber(value) && is_within(f, value->valuedouble);
	case BODY_WHOLE:
		return cJSON_IsNumber(value) && is_within(f, value->valuedouble) &&
		       value->valuedouble == floor(value->valuedouble);
	case BODY_BOOL:
		return cJSON_IsBool(value);
	case BODY_OBJECT:
		return cJSON_IsObject(value) && is_within(f, cJSON_GetArraySize(value));
	default:
		assert(f->kind == BODY_LIST);
		return cJSON_IsArray(value) && is_within(f, cJSON_GetArraySize(value));
	}
}

static int find(const struct body_field *fields, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void say_unknown(const struct body_field *fields, unsigned n, const char *name,
			struct buf *why)
{
	const char *names[BODY_FIELDS_MAX], *closest;

	for (unsigned i = 0; i < n; i++)
		names[i] = fields[i].name;
	closest = conf_closest(name, names, n);
	if (strlen(name) > MAX_SHOWN)
		buf_append_str(why, "There is a field that this request does not have.");
	else if (closest)
		buf_printf(why, "There is no field \"%s\": did you mean \"%s\"?", name, closest);
	else
		buf_printf(why, "There is no field \"%s\" in this request.", name);
}

/* `why` stays empty: all are fine. */
static void take_fields(struct body *body, const struct body_field *fields, unsigned n,
			struct buf *why)
{
	const cJSON *value;

	cJSON_ArrayForEach (value, body->json) {
		int i = find(fields, n, value->string);

		if (i < 0)
			say_unknown(fields, n, value->string, why);
		else if (body->values[i])
			buf_printf(why, "The field \"%s\" is there twice.", fields[i].name);
		else if (!is_fine(&fields[i], value))
			buf_printf(why, "%s must be %s", fields[i].name, fields[i].expected);
		if (why->len)
			return;
		body->values[i] = value;
	}
	for (unsigned i = 0; i < n && !why->len; i++)
		if (fields[i].is_needed && !body->values[i])
			buf_printf(why, "%s is needed: %s", fields[i].name, fields[i].expected);
}

/* False: the request is answered. */
static bool parse(struct front_request *rq, struct body *body)
{
	bool is_empty = rq->body.len == 0;
	int r = json_read(is_empty ? "{}" : rq->body.data, is_empty ? 2 : rq->body.len,
			  &body->json);

	if (cJSON_IsObject(body->json))
		return true;
	if (r < 0)
		admin_refuse(rq, 503, "memory", "Out of memory.", NULL);
	else if (r == JSON_READ_E_NUL)
		admin_refuse(rq, 400, "bad_json", "No string in the body may hold \\u0000.", NULL);
	else
		admin_refuse(rq, 400, "bad_json",
			     "The body must be one JSON object in UTF-8, nested at most 256 deep.",
			     NULL);
	return false;
}

bool body_read(struct front_request *rq, const struct body_field *fields, unsigned n_fields,
	       struct body *body)
{
	struct buf why CLEANUP(buf_deinit) = { 0 };

	assert(n_fields <= BODY_FIELDS_MAX);
	*body = (struct body){ 0 };
	if (!parse(rq, body))
		return false;
	take_fields(body, fields, n_fields, &why);
	if (why.len)
		admin_bad_field(rq, buf_str(&why));
	return why.len == 0;
}

void body_deinit(struct body *body)
{
	cJSON_Delete(body->json);
}

const char *body_text(const struct body *body, unsigned field, const char *fallback)
{
	const char *text = cJSON_GetStringValue(body->values[field]);

	return text ? text : fallback;
}

double body_number(const struct body *body, unsigned field, double fallback)
{
	return cJSON_IsNumber(body->values[field]) ? body->values[field]->valuedouble : fallback;
}

bool body_is_true(const struct body *body, unsigned field)
{
	return cJSON_IsTrue(body->values[field]);
}
