#ifndef WEIR_T_UNIT_NODE_FAKE_ANALYZER_H
#define WEIR_T_UNIT_NODE_FAKE_ANALYZER_H
/*
 * An analyzer on the test's own loop, which keeps what it is sent and answers as the test says. Its
 * functions fail the running test where something does not work.
 */
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdint.h>

#define FAKE_MAX_POSTS 4096 /* kept; later ones are only counted, and answered at once */

struct fake_analyzer;

struct fake_post {
	struct fake_analyzer *analyzer;
	char *body;
	char path[32];
	unsigned n_packets, n_messages, attempt; /* Weir-Packets, Weir-Messages, Weir-Attempt */
	char node[32];                           /* Weir-Node */
	char type[64];                           /* Content-Type */
	bool expects;                            /* with an Expect */
	uint64_t at_us;                          /* when it came */
	int status;                              /* what it was answered with; 0: not yet */
	struct evhttp_request *held;
	struct evhttp_request *endless; /* its answer was begun, and has no end */
};

struct fake_analyzer {
	struct event_base *base;
	struct evhttp *http;
	char url[64];
	int status;        /* the next answers; 0: hold them back until fake_analyzer_answer */
	unsigned delay_ms; /* before an answer; what is left at the end gets none */
	bool is_endless;   /* answers begin and do not end */
	const char *retry_after; /* NULL: none */
	const char *type, *body; /* of the answers; NULL: none */
	const char *bad;         /* a body with this text is answered 400; NULL: none */
	const char *drops;       /* a body with this text ends its connection; NULL: none */
	unsigned n_posts;
	struct fake_post posts[FAKE_MAX_POSTS];
};

/* Answers 200. */
void fake_analyzer_init(struct fake_analyzer *a, struct event_base *base);
void fake_analyzer_deinit(struct fake_analyzer *a);
/* Answers all that are held back. */
void fake_analyzer_answer(struct fake_analyzer *a, int status);

#endif
