#include "common/tls/tls_context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/tls/tls_load.h"
#include "t/unit/certs.h"

static struct certs certs;
static char why[TLS_WHY_SIZE];

static struct tls_context *make(void)
{
	static const char *cert, *key;
	struct tls_context *context = NULL;
	struct tls_config config = { .certs = &cert, .n_certs = 1, .keys = &key, .n_keys = 1 };
	static char paths[2][256];

	certs_init(&certs);
	certs_write(&certs, "a", &(struct cert_spec){ .cn = "first" });
	snprintf(paths[0], sizeof(paths[0]), "%s", certs_path(&certs, "a.pem"));
	snprintf(paths[1], sizeof(paths[1]), "%s", certs_path(&certs, "a.key"));
	cert = paths[0];
	key = paths[1];
	assert_int_equal(tls_context_new(&config, &context, why), 0);
	return context;
}

static void end(struct tls_context *context)
{
	tls_context_free(context);
	certs_deinit(&certs);
}

/* The first look sees that files have changed, the second that no more do. */
static enum tls_look look_twice(struct tls_context *context)
{
	assert_int_equal(tls_context_look(context, why), TLS_LOOK_SAME);
	return tls_context_look(context, why);
}

static void files_that_did_not_change_are_not_read_again(void **state)
{
	struct tls_context *context = make();
	struct tls_set *set = tls_context_set(context), *again;

	(void)state;
	assert_int_equal(look_twice(context), TLS_LOOK_SAME);
	again = tls_context_set(context);
	assert_ptr_equal(set, again);
	tls_set_unref(set);
	tls_set_unref(again);
	end(context);
}

static void new_files_take_the_place_of_the_old_ones(void **state)
{
	struct tls_context *context = make();
	struct tls_set *old = tls_context_set(context), *new;
	int64_t before = tls_context_expires(context);

	(void)state;
	certs_write(&certs, "a",
		    &(struct cert_spec){ .cn = "next", .from_s = -60, .until_s = 9 * CERTS_DAY_S });
	assert_int_equal(look_twice(context), TLS_LOOK_RENEWED);
	new = tls_context_set(context);
	assert_ptr_not_equal(old, new);
	assert_true(tls_context_expires(context) < before);
	assert_int_equal(look_twice(context), TLS_LOOK_SAME);
	assert_true(SSL_CTX_check_private_key(old->contexts[0])); /* whoever has it may go on */
	tls_set_unref(old);
	tls_set_unref(new);
	end(context);
}

static void files_that_cannot_be_used_change_nothing_and_are_told_of_once(void **state)
{
	struct tls_context *context = make();
	struct tls_set *old = tls_context_set(context), *same;

	(void)state;
	certs_write_text(&certs, "a.pem", "broken");
	assert_int_equal(look_twice(context), TLS_LOOK_BAD);
	assert_non_null(strstr(why, "a.pem"));
	assert_int_equal(look_twice(context), TLS_LOOK_SAME);
	certs_write(&certs, "a",
		    &(struct cert_spec){ .cn = "x", .from_s = -99, .until_s = -9 }); /* expired */
	assert_int_equal(look_twice(context), TLS_LOOK_BAD);
	assert_non_null(strstr(why, "expired"));
	same = tls_context_set(context);
	assert_ptr_equal(old, same);
	tls_set_unref(same);
	certs_write(&certs, "a", &(struct cert_spec){ .cn = "good" });
	assert_int_equal(look_twice(context), TLS_LOOK_RENEWED);
	tls_set_unref(old);
	end(context);
}

/* One of several that nobody renews must not keep the others, nor a list of revoked ones, from it. */
static void a_certificate_that_has_expired_before_keeps_nothing_from_being_read(void **state)
{
	static const char *pairs[2][2];
	const struct tls_config config = {
		.certs = pairs[0], .n_certs = 2, .keys = pairs[1], .n_keys = 2
	};
	static const struct cert_spec expired = { .cn = "old", .from_s = -99, .until_s = -9 };
	static char paths[4][256];
	struct tls_context *context = NULL;

	(void)state;
	certs_init(&certs);
	certs_write(&certs, "a", &(struct cert_spec){ .cn = "first" });
	certs_write(&certs, "old", &expired);
	for (unsigned i = 0; i < 4; i++) {
		static const char *const names[] = { "a.pem", "old.pem", "a.key", "old.key" };

		snprintf(paths[i], sizeof(paths[i]), "%s", certs_path(&certs, names[i]));
		pairs[i / 2][i % 2] = paths[i];
	}
	assert_int_equal(tls_context_new(&config, &context, why), TLS_E_EXPIRED);
	certs_write(&certs, "a", &(struct cert_spec){ .cn = "next" });
	assert_int_equal(look_twice(context), TLS_LOOK_RENEWED);
	certs_write(&certs, "a", &expired); /* this one is worse than the one before it */
	assert_int_equal(look_twice(context), TLS_LOOK_BAD);
	certs_write(&certs, "a", &(struct cert_spec){ .cn = "good" });
	certs_write(&certs, "old", &(struct cert_spec){ .cn = "good" });
	assert_int_equal(look_twice(context), TLS_LOOK_RENEWED);
	end(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_did_not_change_are_not_read_again),
		cmocka_unit_test(new_files_take_the_place_of_the_old_ones),
		cmocka_unit_test(files_that_cannot_be_used_change_nothing_and_are_told_of_once),
		cmocka_unit_test(
			a_certificate_that_has_expired_before_keeps_nothing_from_being_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tls/tls_context", tests, NULL, NULL);
}
