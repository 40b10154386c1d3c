#include "common/front/front_work.h"

/* On a thread of the pool. */
static void on_job(struct front_job *job, unsigned thread)
{
	struct front_work *work = CONTAINER_OF(job, struct front_work, job);
	const struct front_config *config = work->crowd->config;

	config->ops->serve(config->arg, &work->rq, thread);
	front_job_done(work->crowd, job);
}

struct front_work *front_work_new(struct front_crowd *crowd, void (*on_done)(struct front_job *job))
{
	struct front_work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	work->crowd = crowd;
	work->job.run = on_job;
	work->job.on_done = on_done;
	return work;
}

void front_work_hold(struct front_work *work, struct front_conn *c, uint64_t n_bytes)
{
	front_hold(c, c->n_held_bytes - work->n_held_bytes + n_bytes);
	work->n_held_bytes = n_bytes;
}

void front_work_free(struct front_work *work)
{
	front_request_deinit(&work->rq);
	free(work);
}

void front_work_let_go(struct front_work *work)
{
	work->crowd->n_held_bytes -= work->n_held_bytes;
	work->n_held_bytes = 0;
}

void front_work_leave_all(struct front_work_list *works, struct front_conn *c)
{
	struct front_work *work;

	while ((work = TAILQ_FIRST(works))) {
		TAILQ_REMOVE(works, work, entry);
		work->h2 = NULL;
		c->n_held_bytes -= work->n_held_bytes;
		if (!work->crowd->pool)
			front_work_free(work); /* its thread has not begun, and never will */
	}
}
