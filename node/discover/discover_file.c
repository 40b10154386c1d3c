/*
 * Analyzers that a file lists, in the shape of Prometheus' file_sd:
 *
 *   [{"targets": ["10.0.0.7:9001"], "labels": {"weight": "2", "__scheme__": "https", "__path__": "/logs"}}]
 *
 * The labels that count are weight, accepts, encoding, headers (lines), id (of a single target), __scheme__, and __path__ or
 * __metrics_path__. Others are for other readers of the file.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/http/header_lines.h"
#include "common/json/json_get.h"
#include "common/json/json_read.h"
#include "common/json/json_scan.h"
#include "node/discover/discover_source.h"

#define FILE_MOST_BYTES (4u << 20)

struct reading {
	const struct source *source;
	const char *text; /* from its first byte */
	struct target_list *list;
	char *why;
};

static unsigned line_of(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static bool fail(const struct reading *r, const char *at, const char *what, const char *why)
{
	snprintf(r->why, SOURCE_WHY_SIZE, "line %u: %.200s%s%.150s", line_of(r->text, at), what,
		 *what ? ": " : "", why);
	return false;
}

/* NULL: it has none. What is no text counts as "", which no label may be. */
static const char *label(const cJSON *group, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(group, "labels"), name);

	if (!item)
		return NULL;
	return cJSON_IsString(item) ? item->valuestring : "";
}

/* As target_parse takes it. */
static bool write_text(const cJSON *group, const char *target, char text[TARGET_TEXT_MAX + 1])
{
	const char *scheme = label(group, "__scheme__"), *path = label(group, "__path__");
	const char *weight = label(group, "weight"), *accepts = label(group, "accepts");
	const char *id = label(group, "id"), *encoding = label(group, "encoding");
	int n;

	if (!path)
		path = label(group, "__metrics_path__");
	n = snprintf(text, TARGET_TEXT_MAX + 1, "%s%s%s%s%s%s*%s%s%s%s%s", id ? id : "",
		     id ? "=" : "",
		     strstr(target, "://") ? ""
		     : scheme              ? scheme
					   : "http",
		     strstr(target, "://") ? "" : "://", target, path ? path : "",
		     weight ? weight : "1", accepts ? ";accepts=" : "", accepts ? accepts : "",
		     encoding ? ";encoding=" : "", encoding ? encoding : "");
	return n > 0 && n <= TARGET_TEXT_MAX;
}

static bool has_good_weight(const cJSON *group)
{
	const char *weight = label(group, "weight");

	return !weight || (*weight && strspn(weight, "0123456789.eE+-") == strlen(weight));
}

/* Lines of the label, such as "X-Scope-OrgID: shop". NULL, or why they cannot be, without values. */
static const char *read_headers(const cJSON *group, struct buf *lines)
{
	const char *text = label(group, "headers"), *why = text && !*text ? "has no headers" : NULL;

	while (text && *text && !why) {
		size_t len = strcspn(text, "\r\n");
		struct http_slice name, value;

		if (len > 0)
			why = header_lines_split(text, len, &name, &value);
		if (len > 0 && !why)
			why = header_lines_set(lines, name, value);
		text += len + (text[len] != '\0');
	}
	return why;
}

static bool add_target(const struct reading *r, const cJSON *group, const cJSON *item,
		       const char *at)
{
	const char *target = cJSON_GetStringValue(item), *why;
	char text[TARGET_TEXT_MAX + 1];
	struct buf headers CLEANUP(buf_deinit) = { 0 };
	struct target t;

	static_assert(TARGETS_MOST == 1024, "as the text below says");
	if (!target)
		return fail(r, at, "", "a target is no text, such as \"10.0.0.7:9001\"");
	if (!write_text(group, target, text))
		return fail(r, at, target, "is too long");
	why = target_parse(&t, text);
	if (!why)
		why = read_headers(group, &headers);
	if (why)
		return fail(r, at, target, why);
	buf_str(&headers);
	if (headers.failed)
		return fail(r, at, "", "there is no memory");
	t.headers = headers.len ? headers.data : NULL; /* the list takes a copy */
	target_write_spec(&t, r->source->name);
	return target_list_add(r->list, &t) ||
	       fail(r, at, "", "there are more than 1024 targets, or there is no memory");
}

static bool add_group(const struct reading *r, const cJSON *group, const char *at)
{
	const cJSON *targets = cJSON_GetObjectItemCaseSensitive(group, "targets"), *item;

	if (!cJSON_IsArray(targets))
		return fail(r, at, "", "a group has no list of targets");
	if (!has_good_weight(group))
		return fail(r, at, "", "the label weight is no number in quotes");
	if (label(group, "id") && cJSON_GetArraySize(targets) > 1)
		return fail(r, at, "", "a group with an id has more than one target");
	cJSON_ArrayForEach (item, targets)
		if (!add_target(r, group, item, at))
			return false;
	return true;
}

static int on_group(struct json_cursor *c, unsigned depth, void *arg)
{
	const struct reading *r = arg;
	const char *at = c->at;
	cJSON *group = NULL;
	bool ok;
	int code = json_scan_value(c, depth);

	if (code != 0)
		return code;
	if (json_read(at, (size_t)(c->at - at), &group) != 0)
		return JSON_SCAN_E_SYNTAX;
	ok = cJSON_IsObject(group) ? add_group(r, group, at)
				   : fail(r, at, "", "a group is no object");
	cJSON_Delete(group);
	return ok ? 0 : JSON_SCAN_E_SYNTAX;
}

bool discover_file_parse(const struct source *s, const char *text, size_t len,
			 struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	struct reading r = { .source = s, .text = text, .list = list, .why = why };
	struct json_cursor c = { .at = text, .end = text + len };
	size_t n_groups;
	int code = JSON_SCAN_E_SYNTAX;

	assert(text);
	why[0] = '\0';
	json_scan_space(&c);
	if (c.at < c.end && *c.at == '[')
		code = json_scan_array(&c, JSON_MAX_DEPTH, on_group, &r, &n_groups);
	else if (c.at < c.end)
		return fail(&r, c.at, "", "the file is no list of groups");
	json_scan_space(&c);
	if (code == 0 && c.at == c.end)
		return true;
	return why[0] ? false : fail(&r, c.at, "", "this is no JSON");
}

/* 0, or a negative errno. */
static int read_all(int fd, char **textp, size_t *lenp)
{
	struct stat stat;
	ssize_t n = 0;

	if (fstat(fd, &stat) != 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EISDIR;
	if (stat.st_size > (off_t)FILE_MOST_BYTES)
		return -EFBIG;
	*textp = malloc((size_t)stat.st_size + 1);
	if (!*textp)
		return -ENOMEM;
	while (*lenp < (size_t)stat.st_size &&
	       (n = read(fd, *textp + *lenp, (size_t)stat.st_size - *lenp)) > 0)
		*lenp += (size_t)n;
	return n < 0 ? -errno : 0;
}

bool discover_file_read(const struct source *s, struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = fd < 0 ? -errno : 0;
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (r == 0)
		r = read_all(fd, &text, &len);
	if (fd >= 0)
		close(fd);
	if (r == 0 && text)
		return discover_file_parse(s, text, len, list, why);
	snprintf(why, SOURCE_WHY_SIZE, "%s", strerror(-r));
	return false;
}
