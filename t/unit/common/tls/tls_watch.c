#include "common/tls/tls_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/certs.h"

static struct tls_context *make(struct certs *certs, long days)
{
	static const char *cert, *key;
	struct tls_config config = { .certs = &cert, .n_certs = 1, .keys = &key, .n_keys = 1 };
	struct tls_context *context = NULL;
	char why[TLS_WHY_SIZE];

	certs_init(certs);
	certs_write(certs, "a",
		    &(struct cert_spec){
			    .cn = "a", .from_s = -60, .until_s = days * CERTS_DAY_S + 60 });
	cert = certs_path(certs, "a.pem");
	key = certs_path(certs, "a.key");
	assert_int_equal(tls_context_new(&config, &context, why), 0);
	return context;
}

static void a_certificate_that_ends_within_two_weeks_is_told_of_once_a_day(void **state)
{
	struct certs certs;
	struct tls_watched w = { .what = "ingest", .context = make(&certs, 15) };
	int64_t now = time(NULL);

	(void)state;
	assert_false(tls_watch_look(&w, now));
	now += 2 * CERTS_DAY_S;
	assert_true(tls_watch_look(&w, now));
	assert_false(tls_watch_look(&w, now + 1));
	assert_false(tls_watch_look(&w, now + CERTS_DAY_S - 1));
	assert_true(tls_watch_look(&w, now + CERTS_DAY_S));
	assert_true(tls_watch_look(&w, now + 20 * CERTS_DAY_S)); /* it has expired */
	tls_context_free(w.context);
	certs_deinit(&certs);
}

static void its_thread_ends_at_once(void **state)
{
	struct certs certs;
	struct tls_watched w = { .what = "ingest", .context = make(&certs, 90) };
	struct tls_watch *watch = NULL;

	(void)state;
	assert_int_equal(tls_watch_new(&w, 1, &watch), 0);
	tls_watch_free(watch);
	tls_watch_free(NULL);
	tls_context_free(w.context);
	certs_deinit(&certs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_that_ends_within_two_weeks_is_told_of_once_a_day),
		cmocka_unit_test(its_thread_ends_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tls/tls_watch", tests, NULL, NULL);
}
