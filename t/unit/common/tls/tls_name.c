#include "common/tls/tls_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "t/unit/certs.h"

static void a_client_is_called_by_its_common_name_or_else_by_an_alternative(void **state)
{
	static const struct {
		struct cert_spec spec;
		const char *name;
	} rows[] = {
		{ { .cn = "agent-7" }, "agent-7" },
		{ { .cn = "agent-7", .names = "DNS:other.example" }, "agent-7" },
		{ { .names = "IP:127.0.0.1,DNS:a.example,DNS:b.example" }, "a.example" },
		{ { .names = "URI:spiffe://pool/ns/x" }, "spiffe://pool/ns/x" },
		{ { .names = "email:a@b.example" }, "a@b.example" },
		{ { .names = "IP:127.0.0.1" }, "" },
		{ { .cn = "two words", .names = "DNS:a.example" }, "a.example" },
		{ { .cn = "quote\"d" }, "" },
		{ { .cn = "line\nbreak" }, "" },
	};
	char name[TLS_NAME_SIZE];
	struct certs certs;

	(void)state;
	certs_init(&certs);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		X509 *cert = certs_make(&certs, "x", &rows[i].spec);

		tls_name_of(cert, name);
		assert_string_equal(name, rows[i].name);
		X509_free(cert);
	}
	tls_name_of(NULL, name);
	assert_string_equal(name, "");
	certs_deinit(&certs);
}

static bool is_listed(const char *name, const char *pattern)
{
	return tls_name_is_listed(name, &pattern, 1);
}

static void patterns_are_whole_names_or_what_is_below_one(void **state)
{
	const char *two[] = { "a", "*.b" };

	(void)state;
	assert_true(is_listed("agent-7", "agent-7"));
	assert_true(is_listed("AGENT-7", "agent-7"));
	assert_false(is_listed("agent-77", "agent-7"));
	assert_true(is_listed("x.agents", "*.agents"));
	assert_true(is_listed("y.x.agents", "*.agents"));
	assert_false(is_listed("agents", "*.agents"));
	assert_false(is_listed(".agents", "*.agents"));
	assert_false(is_listed("xagents", "*.agents"));
	assert_true(is_listed("anything", "*"));
	assert_false(is_listed("", "*"));
	assert_true(tls_name_is_listed("c.b", two, 2));
	assert_false(tls_name_is_listed("c", two, 2));
	assert_false(tls_name_is_listed("c", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_called_by_its_common_name_or_else_by_an_alternative),
		cmocka_unit_test(patterns_are_whole_names_or_what_is_below_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tls/tls_name", tests, NULL, NULL);
}
