#include "node/control/node_claim.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/rng.h"
#include "registry/claim.h"
#include "registry/scripts.h"
#include "registry/settlement.h"

#define CALL_MS 1000
#define LOOK_MS 200
#define RENEWED_MS 300 /* so much longer than it should be, a lease was prolonged */

/* What goes to the registry with the claim. The router writes the whole info later. */
static int write_info(const struct identity *me, struct buf *out)
{
	cJSON *json = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(json, "mode", "away");
	cJSON_AddStringToObject(json, "version", WEIR_VERSION);
	identity_write(me, json);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	buf_append_str(out, text ? text : "");
	free(text);
	return out->failed || out->len == 0 ? -ENOMEM : 0;
}

static int refuse(const struct node_shared *shared, const struct identity *other)
{
	log_error("node", "another node has this id",
		  "id=%s pool=%s other_host=%s other_pid=%lld other_listen=%s remedy=%s runbook=%s",
		  shared->config->node_id, shared->config->pool,
		  other->host[0] ? other->host : "unknown", (long long)other->pid,
		  other->listen[0] ? other->listen : "unknown",
		  "give this node another --node-id, or end the other one",
		  LOG_RUNBOOK "two-nodes-have-one-id");
	return -EEXIST;
}

static int refuse_newer(const struct node_shared *shared, int64_t layout)
{
	log_error("node", "the registry was written by a newer version of Weir",
		  "pool=%s layout=%lld version=%s remedy=%s runbook=%s", shared->config->pool,
		  (long long)layout, WEIR_VERSION,
		  "install that version here, or give this node another --pool",
		  LOG_RUNBOOK "the-registry-is-of-a-newer-version");
	return -EPROTO;
}

/* Who was found to have the id, and until when its lease runs if nobody prolongs it. */
struct wait {
	char run[CLAIM_RUN_SIZE];
	uint64_t until_ms;
};

/* Another machine has the id: whoever prolongs a lease lives. */
static bool is_prolonged(struct wait *wait, const struct claim_holder *holder)
{
	uint64_t until_ms = clock_mono_us() / US_PER_MS + (uint64_t)holder->lease_ms;

	if (wait->run[0])
		return strcmp(wait->run, holder->run) != 0 ||
		       until_ms > wait->until_ms + RENEWED_MS;
	memcpy(wait->run, holder->run, sizeof(wait->run));
	wait->until_ms = until_ms;
	return false;
}

static void sleep_ms(unsigned ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* Somebody has the id. 0: try again, `ended` is the run that is known to have ended. */
static int handle_holder(const struct node_shared *shared, const struct claim_holder *holder,
			 struct wait *wait, char ended[CLAIM_RUN_SIZE])
{
	struct identity other;
	enum identity_life life = identity_read(&other, holder->info)
					  ? identity_judge(&shared->identity, &other)
					  : IDENTITY_UNKNOWN;
	bool is_first = !wait->run[0];

	if (life == IDENTITY_LIVES)
		return refuse(shared, &other);
	if (life == IDENTITY_ENDED) {
		memcpy(ended, holder->run, CLAIM_RUN_SIZE);
		log_info("node", "the former process of this node has ended",
			 "id=%s pid=%lld lease_ms=%lld", shared->config->node_id,
			 (long long)other.pid, (long long)holder->lease_ms);
		return 0;
	}
	if (is_prolonged(wait, holder))
		return refuse(shared, &other);
	if (is_first)
		log_warn("node", "this id is in use, waiting until its lease ends",
			 "id=%s other_host=%s other_pid=%lld lease_ms=%lld",
			 shared->config->node_id, other.host[0] ? other.host : "unknown",
			 (long long)other.pid, (long long)holder->lease_ms);
	sleep_ms(LOOK_MS);
	return 0;
}

static int claim_with(struct node_shared *shared, struct client *client, const char *info)
{
	char worker[WORKER_NAME_SIZE], ended[CLAIM_RUN_SIZE] = "";
	struct claim claim = { .worker = worker,
			       .token = shared->first_token,
			       .lease_ms = WORKER_LEASE_MS,
			       .info = info,
			       .ended = ended };
	struct claim_holder holder;
	struct wait wait = { .run = "" };
	int r;

	node_shared_worker_name(shared, 0, worker);
	do {
		r = claim_make(client, &claim, &holder);
		if (r == CLAIM_E_IN_USE)
			r = handle_holder(shared, &holder, &wait, ended);
		else
			break;
	} while (r == 0);
	if (r == CLAIM_E_NEWER)
		return refuse_newer(shared, holder.layout);
	if (r > 0)
		log_warn("node", "it is not known whether another node has this id",
			 "id=%s reason=%s", shared->config->node_id,
			 r == CLAIM_E_ANSWER ? "the answer makes no sense" : client_error(client));
	return r < 0 ? r : 0;
}

int node_claim(struct node_shared *shared)
{
	CLEANUP(client_freep)
	struct client *client =
		client_new(&shared->redis, registry_scripts(&shared->keys), CALL_MS);
	struct buf info CLEANUP(buf_deinit) = { 0 };
	int r = write_info(&shared->identity, &info);

	static_assert(sizeof(shared->first_token) % 2 == 1, "two digits for each byte, and NUL");
	static_assert(sizeof(shared->first_token) >= CLAIM_RUN_SIZE, "a run is the front of it");
	if (r == 0)
		r = rng_token(shared->first_token, sizeof(shared->first_token) / 2);
	if (r != 0 || !client)
		return r != 0 ? r : -ENOMEM;
	return claim_with(shared, client, buf_str(&info));
}
