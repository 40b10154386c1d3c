#include "registry/ctl/ctl_verdict.h"

#include <stdarg.h>
#include <stdio.h>

void verdict_start(struct verdict *v)
{
	cJSON_Delete(v->checks);
	*v = (struct verdict){ .is_ok = true, .checks = cJSON_CreateArray() };
}

cJSON *verdict_add(struct verdict *v, const char *name, bool is_ok, const char *fmt, ...)
{
	cJSON *check = cJSON_CreateObject();
	char detail[640];
	va_list args;

	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	cJSON_AddStringToObject(check, "check", name);
	cJSON_AddBoolToObject(check, "ok", is_ok);
	cJSON_AddStringToObject(check, "detail", detail);
	cJSON_AddItemToArray(v->checks, check);
	v->is_ok &= is_ok;
	return check;
}

static void write_text(const struct verdict *v, struct buf *out)
{
	const cJSON *check;

	cJSON_ArrayForEach (check, v->checks) {
		bool is_ok = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(check, "ok"));

		buf_printf(out, "%-10s %-7s %s\n",
			   cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(check, "check")),
			   is_ok ? "ok" : "NOT OK",
			   cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(check, "detail")));
	}
}

enum ctl_exit verdict_print(struct verdict *v, bool as_json)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	enum ctl_exit code = v->is_ok ? CTL_OK : CTL_FAILED;
	cJSON *json;

	if (as_json) {
		json = cJSON_CreateObject();
		cJSON_AddBoolToObject(json, "ok", v->is_ok);
		cJSON_AddItemToObject(json, "checks", v->checks);
		return ctl_print_json(json) == CTL_OK ? code : CTL_FAILED;
	}
	write_text(v, &out);
	cJSON_Delete(v->checks);
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return code;
}
