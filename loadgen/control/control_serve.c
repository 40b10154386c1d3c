#include "loadgen/control/control_serve.h"

#include <string.h>

#include "common/http/web_answer.h"
#include "common/json/json_get.h"
#include "common/log.h"
#include "loadgen/control/access.h"
#include "loadgen/control/assets.h"
#include "loadgen/control/stats_json.h"

#define MAX_BODY 1024
#define MAX_DISCARDED (64 << 10)
#define PAGE "index.html"
#define ASSETS_PATH "/assets/"

struct request {
	const struct control_config *config; /* NULL: the request was not understood */
	struct mg_connection *conn;
	cJSON *body; /* NULL: there is none */
};

struct route {
	const char *path, *method, *allow;
	int (*serve)(struct request *rq);
};

/* Scripts and styles of its own alone, none of them inline. */
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
			     "img-src 'self'; connect-src 'self'; base-uri 'none'; "
			     "form-action 'none'; frame-ancestors 'none'";

/* ---- answers ---- */

/*
 * What is left of the body. A connection that is closed before all of it was read is reset, and then a browser
 * shows no answer. Of a body that is too large no more is waited for than MAX_DISCARDED bytes.
 */
static void discard_body(struct mg_connection *conn)
{
	char bytes[MAX_BODY];
	int n = 1;

	for (int len = 0; n > 0 && len < MAX_DISCARDED; len += n)
		n = mg_read(conn, bytes, sizeof(bytes));
}

static int send_answer(struct request *rq, const struct web_answer *answer)
{
	const char *method = mg_get_request_info(rq->conn)->request_method;
	struct buf out = { 0 };

	web_append_answer(&out, answer, method && strcmp(method, "HEAD") == 0);
	if (rq->config)
		discard_body(rq->conn);
	mg_disable_connection_keep_alive(rq->conn);
	if (!out.failed)
		mg_write(rq->conn, out.data, out.len);
	buf_deinit(&out);
	return answer->status;
}

static int refuse(struct request *rq, int status, const char *allow, const char *code,
		  const char *detail)
{
	char *text = web_problem_text(status, code, detail);
	struct web_answer answer = { .status = status,
				     .content_type = "application/problem+json",
				     .body = text ? text : "",
				     .len = text ? strlen(text) : 0,
				     .allow = allow,
				     .close = true };

	send_answer(rq, &answer);
	cJSON_free(text);
	return status;
}

/* Takes json. */
static int send_json(struct request *rq, int status, cJSON *json)
{
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;
	struct web_answer answer = { .status = status,
				     .content_type = "application/json",
				     .body = text,
				     .len = text ? strlen(text) : 0,
				     .close = true };

	cJSON_Delete(json);
	if (!text)
		return refuse(rq, 503, NULL, "memory", "Out of memory.");
	send_answer(rq, &answer);
	cJSON_free(text);
	return status;
}

static int send_asset(struct request *rq, const char *name)
{
	const struct asset *asset = NULL;

	for (size_t i = 0; i < n_emitter_assets && !asset; i++)
		if (strcmp(emitter_assets[i].name, name) == 0)
			asset = &emitter_assets[i];
	if (!asset)
		return refuse(rq, 404, NULL, "not_found", "The page has no such file.");
	return send_answer(rq, &(struct web_answer){ .status = 200,
						     .content_type = asset->content_type,
						     .body = (const char *)asset->data,
						     .len = asset->len,
						     .policy = policy,
						     .close = true });
}

/* ---- requests ---- */

static int serve_page(struct request *rq)
{
	return send_asset(rq, PAGE);
}

static int serve_stats(struct request *rq)
{
	const struct control_config *config = rq->config;
	struct emitter_orders orders;
	struct emitter_figures figures;

	emitter_look(config->emitter, &orders, &figures);
	return send_json(rq, 200, stats_json_make(&orders, &figures, config->format));
}

static int serve_health(struct request *rq)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "status", "up");
	return send_json(rq, 200, json);
}

static int refuse_rate(struct request *rq)
{
	return refuse(rq, 400, NULL, "rate",
		      "\"rate\" is no number of packets a second from 0.001 to 1000000.");
}

static int read_rate(const struct request *rq, double *ratep)
{
	return json_get_double(rq->body, "rate", 0.001, EMITTER_MAX_RATE, ratep);
}

static int serve_rate(struct request *rq)
{
	double rate = 0;

	if (read_rate(rq, &rate))
		return refuse_rate(rq);
	emitter_set_rate(rq->config->emitter, rate);
	return serve_stats(rq);
}

static int serve_start(struct request *rq)
{
	double rate = 0;
	int r = read_rate(rq, &rate);

	if (r == JSON_E_TYPE)
		return refuse_rate(rq);
	if (r == 0)
		emitter_set_rate(rq->config->emitter, rate);
	emitter_run(rq->config->emitter, true);
	return serve_stats(rq);
}

static int serve_stop(struct request *rq)
{
	emitter_run(rq->config->emitter, false);
	return serve_stats(rq);
}

static int serve_generate(struct request *rq)
{
	int64_t n_messages = 1;
	cJSON *json;

	if (json_get_int(rq->body, "messages", 1, EMITTER_MAX_MESSAGES, &n_messages) == JSON_E_TYPE)
		return refuse(rq, 400, NULL, "messages",
			      "\"messages\" is no whole number from 1 to 1000000.");
	if (!emitter_generate(rq->config->emitter, (uint64_t)n_messages))
		return refuse(rq, 429, NULL, "too_many", "1000000 messages wait already.");
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "messages", (double)n_messages);
	return send_json(rq, 202, json);
}

static const struct route routes[] = {
	{ "/", "GET", "GET, HEAD", serve_page },
	{ "/stats", "GET", "GET, HEAD", serve_stats },
	{ "/health", "GET", "GET, HEAD", serve_health },
	{ "/start", "POST", "POST", serve_start },
	{ "/stop", "POST", "POST", serve_stop },
	{ "/generate", "POST", "POST", serve_generate },
	{ "/rate", "PATCH", "PATCH", serve_rate },
};

static const struct route *find_route(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strlen(routes[i].path) == len && memcmp(routes[i].path, path, len) == 0)
			return &routes[i];
	return NULL;
}

/* 0, or the status of a refusal. A body that is not there is no object, and no fault. */
static int read_body(struct request *rq)
{
	char text[MAX_BODY + 1];
	int n = 1, len = 0;

	while (n > 0 && len < (int)sizeof(text)) {
		n = mg_read(rq->conn, text + len, sizeof(text) - (size_t)len);
		len += n > 0 ? n : 0;
	}
	if (len > MAX_BODY)
		return refuse(rq, 413, NULL, "too_large", "The body has more than 1024 bytes.");
	if (len == 0)
		return 0;
	rq->body = cJSON_ParseWithLength(text, (size_t)len);
	return cJSON_IsObject(rq->body)
		       ? 0
		       : refuse(rq, 400, NULL, "json", "The body is no JSON object.");
}

static int refuse_access(struct request *rq, enum control_access access)
{
	switch (access) {
	case CONTROL_NO_TOKEN:
		return refuse(rq, 401, NULL, "token", "This needs the control token.");
	case CONTROL_OTHER_PAGE:
		return refuse(rq, 403, NULL, "origin",
			      "A page from elsewhere may not ask for this.");
	default:
		return refuse(
			rq, 403, NULL, "host",
			"Without a control token, the page is called by an address or localhost.");
	}
}

/* A command of somebody who may give it. */
static int serve_command(struct request *rq, const struct route *route)
{
	const struct control_asker asker = { .origin = mg_get_header(rq->conn, "Origin"),
					     .host = mg_get_header(rq->conn, "Host"),
					     .site = mg_get_header(rq->conn, "Sec-Fetch-Site"),
					     .authorization =
						     mg_get_header(rq->conn, "Authorization") };
	enum control_access access = control_access(&asker, rq->config->token);
	int status = access == CONTROL_ALLOWED ? read_body(rq) : refuse_access(rq, access);

	if (!status) {
		status = route->serve(rq);
		log_info("control", "command", "path=%s status=%d", route->path, status);
	}
	cJSON_Delete(rq->body);
	return status;
}

int control_serve(struct mg_connection *conn)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	struct request rq = { .config = mg_get_user_context_data(conn), .conn = conn };
	const char *path = info->local_uri ? info->local_uri : "";
	bool is_get = !strcmp(info->request_method, "GET") || !strcmp(info->request_method, "HEAD");
	const struct route *route = find_route(path);

	if (is_get && strncmp(path, ASSETS_PATH, strlen(ASSETS_PATH)) == 0)
		return send_asset(&rq, path + strlen(ASSETS_PATH));
	if (!route)
		return refuse(&rq, 404, NULL, "not_found", "There is nothing at this path.");
	if (strcmp(route->method, is_get ? "GET" : info->request_method) != 0)
		return refuse(&rq, 405, route->allow, "method", "This path takes another method.");
	return is_get ? route->serve(&rq) : serve_command(&rq, route);
}

int control_refuse(struct mg_connection *conn, int status, const char *detail)
{
	struct request rq = { .conn = conn };

	refuse(&rq, status, NULL, NULL, detail && *detail ? detail : "The request is malformed.");
	return 0;
}
