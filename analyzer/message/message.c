#include "analyzer/message/message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "analyzer/message/message_level.h"
#include "analyzer/message/message_time.h"
#include "common/json/json_unescape.h"

#define BODY "body." /* before the names in a body that is an object, as in OTLP's of a journal */
#define MAX_WORD 128 /* bytes of a time, a level or a blank text that is looked at */

/* Names of fields without regard to case, the best first. */
static const char *const text_names[] = { "short_message", "message",  "msg",
					  "log",           "body",     "event",
					  "text",          "@message", "@m",
					  "@mt",           NULL };
static const char *const time_names[] = { "timestamp",
					  "@timestamp",
					  "time",
					  "ts",
					  "timeUnixNano",
					  "_SOURCE_REALTIME_TIMESTAMP",
					  "__REALTIME_TIMESTAMP",
					  "observedTimeUnixNano",
					  "date",
					  "datetime",
					  "eventTime",
					  "created",
					  "event.created",
					  "@t",
					  "t",
					  NULL };
static const char *const host_names[] = { "host",          "hostname",
					  "_HOSTNAME",     "host.name",
					  "host.hostname", "syslog.hostname",
					  "k8s.node.name", "kubernetes.host",
					  "server",        NULL };
static const char *const level_names[] = { "severityNumber",
					   "severity_number",
					   "levelname",
					   "log.level",
					   "level",
					   "severity",
					   "lvl",
					   "loglevel",
					   "log_level",
					   "level_name",
					   "severityText",
					   "severity_text",
					   "PRIORITY",
					   "pri",
					   "syslog.severity",
					   "@l",
					   NULL };
#define N_OTLP_LEVELS 2 /* the first of them */

void message_deinit(struct message *m)
{
	buf_deinit(&m->names);
	buf_deinit(&m->path);
}

struct message_mark message_mark(const struct message *m)
{
	return (struct message_mark){ m->n_fields, m->n_context, m->names.len };
}

void message_rewind(struct message *m, const struct message_mark *mark)
{
	m->n_fields = mark->n_fields;
	m->n_context = mark->n_context;
	m->names.len = mark->names_len;
	m->n_left_out = 0;
	m->object = m->raw = (struct json_slice){ 0 };
}

static bool has_room(const struct message *m)
{
	return m->n_fields < MESSAGE_MAX_FIELDS && m->path.len > 0 &&
	       m->path.len <= MESSAGE_MAX_NAME;
}

int message_add(struct message *m, enum message_kind kind, struct json_slice value, bool is_inside)
{
	struct message_field *field = &m->fields[m->n_fields];

	if (m->path.failed)
		return -ENOMEM;
	if (!has_room(m)) {
		m->n_left_out++;
		return 0;
	}
	*field = (struct message_field){ .name = (uint32_t)m->names.len,
					 .name_len = (uint32_t)m->path.len,
					 .kind = kind,
					 .is_inside = is_inside,
					 .value = value };
	buf_append(&m->names, m->path.data, m->path.len);
	if (m->names.failed)
		return -ENOMEM;
	m->n_fields++;
	return 0;
}

/* Each message repeats its context, so a long one would make much of little. */
void message_end_context(struct message *m)
{
	size_t n_bytes = 0, kept = 0;

	for (size_t i = 0; i < m->n_fields; i++) {
		size_t n_more = m->fields[i].name_len + m->fields[i].value.len;

		if (n_bytes + n_more > MESSAGE_MAX_CONTEXT)
			continue;
		n_bytes += n_more;
		m->fields[kept++] = m->fields[i];
	}
	m->n_fields = m->n_context = kept;
}

const char *message_name(const struct message *m, const struct message_field *field)
{
	return m->names.data + field->name;
}

static bool is_named(const struct message *m, const struct message_field *field, const char *name)
{
	return strlen(name) == field->name_len &&
	       strncasecmp(message_name(m, field), name, field->name_len) == 0;
}

static bool goes_before(const struct message *m, size_t index, size_t other)
{
	if (m->fields[index].is_inside != m->fields[other].is_inside)
		return m->fields[index].is_inside;
	return index > other;
}

bool message_is_hidden(const struct message *m, size_t index)
{
	const struct message_field *field = &m->fields[index];

	for (size_t i = 0; i < m->n_fields; i++)
		if (m->fields[i].name_len == field->name_len && goes_before(m, i, index) &&
		    memcmp(message_name(m, &m->fields[i]), message_name(m, field),
			   field->name_len) == 0)
			return true;
	return false;
}

bool message_is_found(const struct message *m, size_t index)
{
	int i = (int)index;

	return i == m->text || i == m->time || i == m->level_field || i == m->host;
}

/* Short values without escapes; *outp has room for MAX_WORD bytes. 0: it is longer. */
static size_t read_word(const struct message_field *field, char *out)
{
	if (field->value.len > MAX_WORD)
		return 0;
	if (field->kind == MESSAGE_TEXT)
		return json_unescape(&field->value, out);
	memcpy(out, field->value.data, field->value.len);
	return field->value.len;
}

static bool is_blank(const struct message_field *field)
{
	char word[MAX_WORD];
	size_t len = read_word(field, word);

	if (field->value.len > MAX_WORD)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)word[i] > ' ')
			return false;
	return true;
}

static bool fits_text(struct message *m, const struct message_field *field, unsigned rank)
{
	(void)m;
	(void)rank;
	return !is_blank(field) && field->kind != MESSAGE_JSON;
}

static bool fits_host(struct message *m, const struct message_field *field, unsigned rank)
{
	(void)m;
	(void)rank;
	return field->kind == MESSAGE_TEXT && !is_blank(field);
}

static bool fits_time(struct message *m, const struct message_field *field, unsigned rank)
{
	char word[MAX_WORD];
	size_t len = field->kind <= MESSAGE_NUMBER ? read_word(field, word) : 0;
	uint64_t ns;

	(void)rank;
	if (message_time_read(word, len, m->now_ns, &ns))
		return false;
	m->time_ns = ns;
	return true;
}

static enum message_scale scale_of(const char *name, unsigned rank)
{
	if (rank < N_OTLP_LEVELS)
		return MESSAGE_SCALE_OTLP;
	return strcmp(name, "PRIORITY") == 0 || strcmp(name, "pri") == 0 ? MESSAGE_SCALE_PRIORITY
									 : MESSAGE_SCALE_ANY;
}

static bool fits_level(struct message *m, const struct message_field *field, unsigned rank)
{
	char word[MAX_WORD];
	size_t len = field->kind <= MESSAGE_NUMBER ? read_word(field, word) : 0;
	int level;

	if (message_level_read(scale_of(level_names[rank], rank), word, len, &level))
		return false;
	m->level = level;
	return true;
}

/* What it has read of a field that fits is in the message; one that does not leaves nothing there. */
typedef bool (*fits_fn)(struct message *m, const struct message_field *field, unsigned rank);

/* The field with the best name, of those from `first` on and before `last`. -1: none. Of one name, that
 * of a wrapped message goes before that of its wrapper. */
static int find(struct message *m, const char *const *names, fits_fn fits, size_t first,
		size_t last)
{
	int found = -1;

	for (unsigned rank = 0; names[rank] && found < 0; rank++)
		for (size_t i = first; i < last; i++)
			if (is_named(m, &m->fields[i], names[rank]) &&
			    (found < 0 || m->fields[i].is_inside > m->fields[found].is_inside) &&
			    fits(m, &m->fields[i], rank))
				found = (int)i;
	return found;
}

/* Members of the message's own body, by the same names. -1: none. */
static int find_in_body(struct message *m, const char *const *names, fits_fn fits)
{
	char name[MAX_WORD];

	for (unsigned rank = 0; names[rank]; rank++) {
		snprintf(name, sizeof(name), BODY "%s", names[rank]);
		for (size_t i = m->n_context; i < m->n_fields; i++)
			if (is_named(m, &m->fields[i], name) && fits(m, &m->fields[i], rank))
				return (int)i;
	}
	return -1;
}

static int find_own_first(struct message *m, const char *const *names, fits_fn fits, bool in_body)
{
	int i = find(m, names, fits, m->n_context, m->n_fields);

	if (i < 0 && in_body)
		i = find_in_body(m, names, fits);
	return i >= 0 ? i : find(m, names, fits, 0, m->n_context);
}

void message_settle(struct message *m)
{
	bool in_body;

	m->level = -1;
	m->text = find(m, text_names, fits_text, m->n_context, m->n_fields);
	in_body = m->text < 0;
	if (in_body)
		m->text = find_in_body(m, text_names, fits_text);
	m->time = find_own_first(m, time_names, fits_time, in_body);
	m->level_field = find_own_first(m, level_names, fits_level, in_body);
	m->host = find_own_first(m, host_names, fits_host, in_body);
}
