#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/intake.h"

#define N_RACERS 8
#define N_ROUNDS 200

struct fixture {
	struct config config;
	struct sinks *sinks; /* NULL: none */
	struct intake *intake;
	struct worker *worker;
	char path[64];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	strcpy(f->path, "/tmp/weir-intake-XXXXXX");
	fd = mkstemp(f->path);
	if (fd < 0)
		return -1;
	close(fd);
	f->config = (struct config){ .dedupe_window = 1000, .record = f->path };
	f->worker = worker_new(f->sinks);
	*state = f;
	return intake_new(&f->config, &f->intake);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	intake_free(f->intake);
	worker_free(f->worker);
	sinks_free(f->sinks);
	unlink(f->path);
	free(f);
	return 0;
}

/* An intake with other settings in the place of the first. */
static void renew(struct fixture *f)
{
	intake_free(f->intake);
	worker_free(f->worker);
	f->worker = worker_new(f->sinks);
	assert_non_null(f->worker);
	assert_int_equal(intake_new(&f->config, &f->intake), 0);
}

static enum refusal take(struct intake *intake, struct worker *worker, const char *body,
			 uint64_t n_expected, struct stats_batch *batch)
{
	worker_reset(worker);
	buf_append_str(&worker->body, body);
	return intake_take(intake, worker, n_expected, batch);
}

static size_t n_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t n = 0;
	int ch;

	assert_non_null(file);
	while ((ch = getc(file)) != EOF)
		n += ch == '\n';
	fclose(file);
	return n;
}

static void a_batch_is_counted_and_recorded(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	assert_int_equal(take(f->intake, f->worker,
			      "[{\"id\":\"1\",\"messages\":[1,2]},[1,2,3],{\"id\":\"2\"}]", 3,
			      &batch),
			 REFUSED_NOT);
	assert_int_equal(batch.n_packets, 3);
	assert_int_equal(batch.n_messages, 6);
	assert_int_equal(batch.n_duplicates, 0);
	assert_int_equal(n_lines(f->path), 3);
}

static void a_duplicate_is_acknowledged_and_not_recorded(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch), REFUSED_NOT);
	assert_int_equal(take(f->intake, f->worker,
			      "[{\"id\":\"2\"},{\"id\":\"1\"},{\"id\":\"2\"}]", 3, &batch),
			 REFUSED_NOT);
	assert_int_equal(batch.n_packets, 1);
	assert_int_equal(batch.n_duplicates, 2);
	assert_int_equal(n_lines(f->path), 2);
}

static void another_body_under_a_known_id_is_processed(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch), REFUSED_NOT);
	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\",\"x\":2}", 0, &batch),
			 REFUSED_NOT);
	assert_int_equal(batch.n_packets, 1);
	assert_int_equal(batch.n_conflicts, 1);
	assert_int_equal(n_lines(f->path), 2);
}

static void without_id_or_window_nothing_is_a_duplicate(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(f->intake, f->worker, "{}", 0, &batch), REFUSED_NOT);
		assert_int_equal(batch.n_packets, 1);
	}
	f->config.dedupe_window = 0;
	renew(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch),
				 REFUSED_NOT);
		assert_int_equal(batch.n_packets, 1);
	}
}

static void a_batch_must_hold_what_its_header_says(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	assert_int_equal(take(f->intake, f->worker, "[{},{}]", 3, &batch), REFUSED_BATCH_SIZE);
	assert_int_equal(take(f->intake, f->worker, "{}", 1, &batch), REFUSED_NO_BATCH);
	assert_int_equal(take(f->intake, f->worker, "[{},3]", 2, &batch), REFUSED_SCALAR);
	assert_int_equal(take(f->intake, f->worker, "[{},", 2, &batch), REFUSED_SYNTAX);
	assert_int_equal(take(f->intake, f->worker, "[]", 0, &batch), REFUSED_EMPTY);
	assert_int_equal(n_lines(f->path), 0);
}

static void what_could_not_be_recorded_is_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	f->config.record = "/dev/full";
	renew(f);
	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch), REFUSED_RECORD);
	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch), REFUSED_RECORD);
}

static void what_the_sink_did_not_take_is_not_recorded(void **state)
{
	struct fixture *f = *state;
	struct stats_batch batch;

	struct sink_options options = { .timeout_ms = 1000 };
	char why[TARGET_WHY_STRLEN];

	assert_int_equal(target_parse(&options.target, "http://127.0.0.1:1/", why), 0);
	assert_int_equal(sinks_new(&options, &f->sinks), 0); /* nothing listens there */
	renew(f);
	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch), REFUSED_SINK);
	assert_int_equal(take(f->intake, f->worker, "{\"id\":\"1\"}", 0, &batch), REFUSED_SINK);
	assert_int_equal(n_lines(f->path), 0);
}

static void a_record_that_cannot_be_opened_is_an_error(void **state)
{
	struct config config = { .record = "/nonexistent/record" };
	struct intake *intake;
	(void)state;

	assert_int_equal(intake_new(&config, &intake), -ENOENT);
}

struct racer {
	struct fixture *fixture;
	uint64_t n_packets;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct worker *worker = worker_new(racer->fixture->sinks);

	for (int i = 0; i < N_ROUNDS; i++) {
		struct stats_batch batch;
		char body[64];

		snprintf(body, sizeof(body), "[{\"id\":\"%d\"},{\"id\":\"%d\"}]", i, i + 1);
		if (take(racer->fixture->intake, worker, body, 2, &batch) == REFUSED_NOT)
			racer->n_packets += batch.n_packets;
	}
	worker_free(worker);
	return NULL;
}

static void copies_that_arrive_together_are_processed_once(void **state)
{
	struct fixture *f = *state;
	struct racer racers[N_RACERS];
	pthread_t threads[N_RACERS];
	uint64_t n_packets = 0;

	for (int i = 0; i < N_RACERS; i++) {
		racers[i] = (struct racer){ .fixture = f };
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < N_RACERS; i++) {
		pthread_join(threads[i], NULL);
		n_packets += racers[i].n_packets;
	}
	assert_int_equal(n_packets, N_ROUNDS + 1);
	assert_int_equal(n_lines(f->path), N_ROUNDS + 1);
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(a_batch_is_counted_and_recorded),
		WITH_FIXTURE(a_duplicate_is_acknowledged_and_not_recorded),
		WITH_FIXTURE(another_body_under_a_known_id_is_processed),
		WITH_FIXTURE(without_id_or_window_nothing_is_a_duplicate),
		WITH_FIXTURE(a_batch_must_hold_what_its_header_says),
		WITH_FIXTURE(what_could_not_be_recorded_is_not_remembered),
		WITH_FIXTURE(what_the_sink_did_not_take_is_not_recorded),
		cmocka_unit_test(a_record_that_cannot_be_opened_is_an_error),
		WITH_FIXTURE(copies_that_arrive_together_are_processed_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
