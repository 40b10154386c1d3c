#include "common/tls/tls_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/certs.h"

static struct certs certs;
static char why[TLS_WHY_SIZE];

static int set_up(void **state)
{
	(void)state;
	certs_init(&certs);
	certs_write(&certs, "a", &(struct cert_spec){ .cn = "a", .names = "DNS:a.example" });
	certs_write(&certs, "b", &(struct cert_spec){ .cn = "b", .names = "DNS:b.example" });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	certs_deinit(&certs);
	return 0;
}

/* Loads, and frees what was loaded. */
static int load(const struct tls_config *config)
{
	struct tls_set *set = NULL;
	int r;

	why[0] = '\0';
	r = tls_load(config, time(NULL), &set, why);
	assert_true((set != NULL) == (r == 0 || r == TLS_E_EXPIRED));
	tls_set_unref(set);
	return r;
}

static int load_pair(const char *cert, const char *key, const char *password_file)
{
	const char *c = certs_path(&certs, cert), *k = key ? certs_path(&certs, key) : NULL;

	return load(&(struct tls_config){
		.certs = &c,
		.n_certs = 1,
		.keys = &k,
		.n_keys = key ? 1 : 0,
		.password_file = password_file ? certs_path(&certs, password_file) : NULL });
}

static void assert_says(const char *part)
{
	if (!strstr(why, part))
		fail_msg("\"%s\" is not in \"%s\"", part, why);
}

static void a_pair_is_loaded_and_its_end_is_known(void **state)
{
	const char *cert = certs_path(&certs, "a.pem"), *key = certs_path(&certs, "a.key");
	struct tls_config config = { .certs = &cert, .n_certs = 1, .keys = &key, .n_keys = 1 };
	struct tls_set *set = NULL;
	time_t now = time(NULL);

	(void)state;
	assert_int_equal(tls_load(&config, now, &set, why), 0);
	assert_in_range(set->expires - now, 90 * CERTS_DAY_S - 60, 90 * CERTS_DAY_S);
	assert_string_equal(set->expiring, cert);
	tls_set_unref(set);
}

static void what_is_wrong_with_a_file_is_said_with_its_name_and_a_remedy(void **state)
{
	(void)state;
	assert_int_equal(load_pair("none.pem", "a.key", NULL), TLS_E_FILE);
	assert_says("none.pem: No such file or directory: name a file");
	assert_int_equal(load_pair("a.pem", "none.key", NULL), TLS_E_FILE);
	assert_says("none.key: No such file");
	assert_int_equal(load_pair("a.pem", "b.key", NULL), TLS_E_FILE);
	assert_says("b.key: the key does not belong to the certificate");
	certs_write_text(&certs, "text.pem", "no certificate\n");
	assert_int_equal(load_pair("text.pem", "a.key", NULL), TLS_E_FILE);
	assert_says("it must hold certificates in PEM");
	assert_int_equal(load_pair("a.pem", "text.pem", NULL), TLS_E_FILE);
	assert_says("has no private key in PEM");
	assert_int_equal(load_pair("a.pem", NULL, NULL), TLS_E_FILE);
	assert_says("a.pem: has no private key in PEM");
}

static void an_encrypted_key_needs_the_file_with_its_password(void **state)
{
	(void)state;
	certs_write(&certs, "e", &(struct cert_spec){ .cn = "e", .password = "open sesame" });
	certs_write_text(&certs, "right", "open sesame\n");
	certs_write_text(&certs, "wrong", "open barley\n");
	assert_int_equal(load_pair("e.pem", "e.key", "right"), 0);
	assert_int_equal(load_pair("e.pem", "e.key", "wrong"), TLS_E_FILE);
	assert_says("the password does not open the key");
	assert_int_equal(load_pair("e.pem", "e.key", NULL), TLS_E_FILE);
	assert_says("the key is encrypted: name a file with its password");
	assert_int_equal(load_pair("e.pem", "e.key", "none"), TLS_E_FILE);
}

static void an_expired_certificate_is_named_and_loaded_all_the_same(void **state)
{
	(void)state;
	certs_write(&certs, "old",
		    &(struct cert_spec){
			    .cn = "old", .from_s = -9 * CERTS_DAY_S, .until_s = -CERTS_DAY_S });
	assert_int_equal(load_pair("old.pem", "old.key", NULL), TLS_E_EXPIRED);
	assert_says("old.pem: the certificate expired on 20");
	assert_says("renew it");
	certs_write(&certs, "new",
		    &(struct cert_spec){
			    .cn = "new", .from_s = CERTS_DAY_S, .until_s = 9 * CERTS_DAY_S });
	assert_int_equal(load_pair("new.pem", "new.key", NULL), TLS_E_EXPIRED);
	assert_says("new.pem: the certificate is not valid before 20");
}

static void authorities_and_lists_of_revoked_certificates_are_checked(void **state)
{
	const char *cert = certs_path(&certs, "a.pem"), *key = certs_path(&certs, "a.key");
	struct tls_config config = { .certs = &cert, .n_certs = 1, .keys = &key, .n_keys = 1 };

	(void)state;
	certs_revoke(&certs, "crl.pem", 0);
	config.ca = certs_path(&certs, "ca.pem");
	config.crl = certs_path(&certs, "crl.pem");
	assert_int_equal(load(&config), 0);
	config.crl = certs_path(&certs, "a.pem");
	assert_int_equal(load(&config), TLS_E_FILE);
	assert_says("has no list of revoked certificates");
	config.crl = NULL;
	config.ca = certs_path(&certs, "a.key");
	assert_int_equal(load(&config), TLS_E_FILE);
	assert_says("a.key: has no certificate in PEM");
	config.ca = certs_path(&certs, "none");
	assert_int_equal(load(&config), TLS_E_FILE);
}

static void a_client_needs_no_file_at_all(void **state)
{
	(void)state;
	assert_int_equal(load(&(struct tls_config){ .role = TLS_CLIENT }), 0);
	assert_int_equal(load(&(struct tls_config){ .role = TLS_CLIENT,
						    .ca = certs_path(&certs, "ca.pem") }),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_loaded_and_its_end_is_known),
		cmocka_unit_test(what_is_wrong_with_a_file_is_said_with_its_name_and_a_remedy),
		cmocka_unit_test(an_encrypted_key_needs_the_file_with_its_password),
		cmocka_unit_test(an_expired_certificate_is_named_and_loaded_all_the_same),
		cmocka_unit_test(authorities_and_lists_of_revoked_certificates_are_checked),
		cmocka_unit_test(a_client_needs_no_file_at_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tls/tls_load", tests, set_up, tear_down);
}
