#include "loadgen/control/control_serve.h"

#include <string.h>

#include "common/json/json_get.h"
#include "common/log.h"
#include "loadgen/control/access.h"
#include "loadgen/control/assets.h"
#include "loadgen/control/stats_json.h"

#define PAGE "index.html"
#define ASSETS_PATH "/assets/"

struct request {
	const struct control_config *config;
	struct front_request *rq;
	cJSON *body; /* NULL: there is none */
};

struct route {
	const char *path;
	enum http_method method;
	const char *allow;
	int (*serve)(struct request *rq);
};

/* Scripts and styles of its own alone, none of them inline. */
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
			     "img-src 'self'; connect-src 'self'; base-uri 'none'; "
			     "form-action 'none'; frame-ancestors 'none'";

/* ---- answers ---- */

static int refuse(struct request *rq, int status, const char *allow, const char *code,
		  const char *detail)
{
	const struct web_answer answer = { .status = status, .allow = allow };

	return front_send_problem(rq->rq, &answer, code, detail);
}

static int send_asset(struct request *rq, const char *name)
{
	const struct asset *asset = NULL;

	for (size_t i = 0; i < n_emitter_assets && !asset; i++)
		if (strcmp(emitter_assets[i].name, name) == 0)
			asset = &emitter_assets[i];
	if (!asset)
		return refuse(rq, 404, NULL, "not_found", "The page has no such file.");
	return front_send(rq->rq, &(struct web_answer){ .status = 200,
							.content_type = asset->content_type,
							.body = (const char *)asset->data,
							.len = asset->len,
							.policy = policy });
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
	return front_send_json(rq->rq, 200, stats_json_make(&orders, &figures, config->format));
}

static int serve_health(struct request *rq)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "status", "up");
	return front_send_json(rq->rq, 200, json);
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
	return front_send_json(rq->rq, 202, json);
}

static const struct route routes[] = {
	{ "/", HTTP_GET, "GET, HEAD", serve_page },
	{ "/stats", HTTP_GET, "GET, HEAD", serve_stats },
	{ "/health", HTTP_GET, "GET, HEAD", serve_health },
	{ "/start", HTTP_POST, "POST", serve_start },
	{ "/stop", HTTP_POST, "POST", serve_stop },
	{ "/generate", HTTP_POST, "POST", serve_generate },
	{ "/rate", HTTP_PATCH, "PATCH", serve_rate },
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
	const struct buf *body = &rq->rq->body;

	if (body->len == 0)
		return 0;
	rq->body = cJSON_ParseWithLength(body->data, body->len);
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

static enum control_access check_access(const struct request *rq)
{
	char *const *fields = rq->rq->fields;
	const struct control_asker asker = { .origin = fields[FIELD_ORIGIN],
					     .host = fields[FIELD_HOST],
					     .site = fields[FIELD_SEC_FETCH_SITE],
					     .authorization = fields[FIELD_AUTHORIZATION] };

	return control_access(&asker, rq->config->token);
}

enum front_way control_decide(const struct control_config *config, struct front_request *front)
{
	struct request rq = { .config = config, .rq = front };
	bool is_get = front->method == HTTP_GET || front->method == HTTP_HEAD;
	const struct route *route = find_route(front->path);
	enum control_access access;

	front->route = route;
	if (is_get && strncmp(front->path, ASSETS_PATH, strlen(ASSETS_PATH)) == 0)
		send_asset(&rq, front->path + strlen(ASSETS_PATH));
	else if (!route)
		refuse(&rq, 404, NULL, "not_found", "There is nothing at this path.");
	else if (route->method != (is_get ? HTTP_GET : front->method))
		refuse(&rq, 405, route->allow, "method", "This path takes another method.");
	else if (is_get)
		route->serve(&rq);
	else if ((access = check_access(&rq)) != CONTROL_ALLOWED)
		refuse_access(&rq, access);
	else
		return WAY_OTHER;
	return WAY_ANSWERED;
}

void control_command(const struct control_config *config, struct front_request *front)
{
	struct request rq = { .config = config, .rq = front };
	const struct route *route = front->route;
	int status = read_body(&rq);

	if (!status) {
		status = route->serve(&rq);
		log_info("control", "command", "path=%s status=%d", route->path, status);
	}
	cJSON_Delete(rq.body);
}
