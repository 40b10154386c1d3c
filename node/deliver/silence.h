#ifndef WEIR_NODE_SILENCE_H
#define WEIR_NODE_SILENCE_H
/*
 * How long nothing has been heard of an analyzer, and whether that means that it hangs. Pure: time
 * is a parameter.
 *
 * An analyzer hangs when deliveries to it are under way, none of them has been answered for the
 * longer of 1 s and 20 times its usual time (2 s before its first answer), and other analyzers have
 * answered meanwhile. Only whole answers count: one that comes byte by byte is no progress. While
 * nobody answers, the fault is more likely on this side, so nobody is blamed. An answer that comes
 * later than that doubles the time: the analyzer does not hang, it has become slow.
 */
#include <stdbool.h>
#include <stdint.h>

struct silence {
	double usual_us;      /* of a delivery, until its answer; 0: none was answered yet */
	uint64_t since_us;    /* the last answer, or when something was sent after a rest */
	uint64_t answered_us; /* the last answer; 0: there was none */
};

void silence_init(struct silence *s);
/* A delivery begins while none is under way. */
void silence_begin(struct silence *s, uint64_t now_us);
/* A delivery that began then was answered. */
void silence_answer(struct silence *s, uint64_t started_us, uint64_t now_us);
/* No silence of a delivery that is under way may last longer. */
uint64_t silence_limit_us(const struct silence *s);
/* Deliveries are under way. others_us: the last answer of any other analyzer. */
bool silence_is_too_long(const struct silence *s, uint64_t others_us, uint64_t now_us);

#endif
