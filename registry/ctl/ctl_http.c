#include "registry/ctl/ctl_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "common/json/json_read.h"
#include "common/json/json_scan.h"
#include "registry/ctl/ctl_user.h"

#define ANSWER_MOST (64 << 20)

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct buf *answer = arg;

	if (answer->len + size * n > ANSWER_MOST)
		return 0;
	buf_append(answer, data, size * n);
	return answer->failed ? 0 : size * n;
}

/* A call, and all that it needs until it is over. */
struct call {
	CURL *easy;
	struct curl_slist *fields;
	struct buf url, answer;
	char error[CURL_ERROR_SIZE];
	long status;
};

static void call_deinit(struct call *c)
{
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->fields);
	buf_deinit(&c->url);
	buf_deinit(&c->answer);
}

static void add_field(struct call *c, const char *field)
{
	struct curl_slist *list = curl_slist_append(c->fields, field);

	if (list)
		c->fields = list;
}

static void set_fields(struct call *c, const char *body)
{
	char user[CTL_USER_SIZE], field[CTL_USER_SIZE + 16];

	ctl_user_write(user);
	snprintf(field, sizeof(field), "Weir-User: %s", user);
	add_field(c, field);
	if (body)
		add_field(c, "Content-Type: application/json");
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->fields);
}

static void set_tls(CURL *easy, const struct ctl_options *options)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (options->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca);
	if (!options->cert)
		return;
	curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key ? options->key : options->cert);
}

static void set_options(struct ctl *ctl, struct call *c, const char *method, const char *path,
			const char *body)
{
	const char *base = ctl->options.admin;
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		len--;
	buf_printf(&c->url, "%.*s%s", (int)len, base, path);
	curl_easy_setopt(c->easy, CURLOPT_URL, buf_str(&c->url));
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)ctl->options.timeout_ms);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &c->answer);
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	set_tls(c->easy, &ctl->options);
	if (body)
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
	if (ctl->options.admin_token) {
		curl_easy_setopt(c->easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(c->easy, CURLOPT_XOAUTH2_BEARER, ctl->options.admin_token);
	}
	set_fields(c, body);
}

/* The sentence of a problem document. */
static void refused(struct ctl *ctl, const char *method, const struct call *c, const cJSON *json,
		    char why[CTL_WHY_SIZE])
{
	/* Without the token DELETE is how an analyzer leaves, and is asked for its instance. */
	bool needs_token = c->status == 401 || (c->status == 400 && strcmp(method, "DELETE") == 0);
	const char *detail = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "detail"));
	const char *hint =
		needs_token && !ctl->options.admin_token
			? c->status == 401
				  ? " Give it with --admin-token-file."
				  : ". To remove it without that, give the token with --admin-token-file."
			: "";

	snprintf(why, CTL_WHY_SIZE, "the node at %s answered %ld: %s%s", ctl->options.admin,
		 c->status, detail ? detail : "without a reason", hint);
}

/* ---- the body of an entry ---- */

/* With the white space around it, which is of the body as well. */
static int on_member(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct json_slice *body = arg;
	const char *from = c->at;
	int r = json_scan_value(c, depth);

	if (r != 0 || !json_slice_is(key, "body"))
		return r;
	while (from[-1] != ':')
		from--;
	json_scan_space(c);
	*body = (struct json_slice){ from, (size_t)(c->at - from) };
	return 0;
}

/* A number of cJSON has 53 bits, and one in a body may have more: its bytes take the place of what was
 * read of them. */
static void keep_body(const struct buf *answer, cJSON *json)
{
	struct json_cursor c = { answer->data, answer->data + answer->len };
	struct json_slice body = { NULL, 0 };
	struct buf text CLEANUP(buf_deinit) = { 0 };

	if (!cJSON_IsObject(json) || *c.at != '{' ||
	    json_scan_object(&c, JSON_BATCH_MAX_DEPTH, on_member, &body) != 0 || !body.data)
		return;
	buf_append(&text, body.data, body.len);
	cJSON_ReplaceItemInObjectCaseSensitive(
		json, "body", text.failed ? NULL : cJSON_CreateRaw(buf_str(&text)));
}

int ctl_http_ask(struct ctl *ctl, const char *method, const char *path, const char *body,
		 cJSON **jsonp, char why[CTL_WHY_SIZE])
{
	struct call c CLEANUP(call_deinit) = { .easy = curl_easy_init() };
	CURLcode code;

	*jsonp = NULL;
	snprintf(why, CTL_WHY_SIZE, "out of memory");
	if (!c.easy)
		return CTL_LOOK_E_NODE;
	set_options(ctl, &c, method, path, body);
	code = curl_easy_perform(c.easy);
	if (code != CURLE_OK) {
		snprintf(why, CTL_WHY_SIZE, "the node at %s: %s (is it there? --admin says where)",
			 ctl->options.admin, c.error[0] ? c.error : curl_easy_strerror(code));
		return CTL_LOOK_E_NODE;
	}
	curl_easy_getinfo(c.easy, CURLINFO_RESPONSE_CODE, &c.status);
	*jsonp = c.answer.len ? json_read_own(c.answer.data, c.answer.len) : NULL;
	if (c.status >= 200 && c.status < 300) {
		keep_body(&c.answer, *jsonp);
		return 0;
	}
	refused(ctl, method, &c, *jsonp, why);
	cJSON_Delete(*jsonp);
	*jsonp = NULL;
	return CTL_LOOK_E_NODE;
}

enum ctl_exit ctl_http(struct ctl *ctl, const char *method, const char *path, const char *body,
		       cJSON **jsonp)
{
	char why[CTL_WHY_SIZE];

	return ctl_http_ask(ctl, method, path, body, jsonp, why) == 0 ? CTL_OK
								      : ctl_fail("%s", why);
}
