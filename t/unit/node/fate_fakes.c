#include "t/unit/node/fate_fakes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Only the linker knows these functions by their names. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

struct fakes the_fakes;

void fakes_put(enum fake_place place, struct packet *p)
{
	assert_true(the_fakes.n[place] < FAKES_MAX);
	the_fakes.packets[place][the_fakes.n[place]++] = p;
}

struct packet *fakes_pick(enum fake_place place, unsigned i)
{
	struct packet **packets = the_fakes.packets[place], *p = packets[i];

	assert_true(i < the_fakes.n[place]);
	packets[i] = packets[--the_fakes.n[place]];
	return p;
}

/* ---- the router ---- */

bool __wrap_router_can_place(const struct router *r UNUSED)
{
	return the_fakes.can_place;
}

bool __wrap_router_submit_suspect(struct router *r UNUSED, struct packet *p)
{
	if (!the_fakes.can_place)
		return false;
	fakes_put(FAKE_ROUTER, p);
	return true;
}

void __wrap_spill_out_note_failures(struct spill_out *s UNUSED, const struct packet *p UNUSED)
{
	the_fakes.n_noted++;
}

void __wrap_router_submit(struct router *r UNUSED, struct packet *p)
{
	fakes_put(FAKE_ROUTER, p);
}

unsigned __wrap_router_n_packets(const struct router *r UNUSED)
{
	return the_fakes.n[FAKE_ROUTER];
}

/* ---- agents ---- */

static void answer(struct exchange *x)
{
	assert_false(x->is_done); /* each agent gets one answer */
	x->is_done = true;
}

void __wrap_exchange_accept(struct conn_shared *shared UNUSED, const struct packet *p,
			    const char *analyzer UNUSED)
{
	answer(p->exchange);
	the_fakes.n_accepted++;
}

void __wrap_exchange_refuse(struct conn_shared *shared UNUSED, struct exchange *x,
			    enum refusal refusal)
{
	answer(x);
	the_fakes.n_refused++;
	the_fakes.refusal = refusal;
}

void __wrap_exchange_give_back(struct conn_shared *shared UNUSED, struct packet *p,
			       enum refusal refusal)
{
	the_fakes.refusal = refusal;
	p->exchange->on_fate(p->exchange, p, refusal);
}

/* ---- the spill ---- */

void __wrap_spill_in_add(struct spill_in *s UNUSED, struct packet *p)
{
	/* it would be stored twice, unless its entry has what is delivered, too */
	assert_true(!p->spilled || p->n_messages < p->spilled->n_messages);
	fakes_put(FAKE_SPILL_IN, p);
}

void __wrap_spill_in_store(struct spill_in *s, struct packet *p)
{
	the_fakes.n_stored++;
	__wrap_spill_in_add(s, p);
}

bool __wrap_spill_in_would_take(const struct spill_in *s UNUSED, const struct packet *p UNUSED)
{
	return the_fakes.would_take;
}

bool __wrap_spill_in_would_refuse(const struct spill_in *s UNUSED)
{
	return the_fakes.would_refuse;
}

/* Nothing is due: fate_on_held is called by the test. */
static void watch(struct spill_hold *s, struct packet *p)
{
	assert_non_null(p->exchange);
	assert_int_equal(p->hold_state, HOLD_NONE);
	p->hold_state = HOLD_WAITING;
	p->next_due = (struct packet *)s; /* who watches it, for forget below */
	the_fakes.n_watched++;
}

void __wrap_spill_hold_note_delivery(struct spill_hold *s UNUSED, const struct packet *p UNUSED)
{
}

void __wrap_spill_hold_watch(struct spill_hold *s, struct packet *p)
{
	watch(s, p);
}

void __wrap_spill_hold_watch_again(struct spill_hold *s, struct packet *p)
{
	watch(s, p);
}

void fakes_forget(struct packet *p)
{
	the_fakes.n_watched -= p->hold_state == HOLD_WAITING;
	p->hold_state = HOLD_NONE;
}

void __wrap_spill_hold_forget(struct spill_hold *s, struct packet *p)
{
	if (p->hold_state == HOLD_WAITING)
		assert_ptr_equal(p->next_due, s);
	fakes_forget(p);
}

void __wrap_spill_in_note_delivery(struct spill_in *s UNUSED)
{
}

unsigned __wrap_spill_in_n_packets(const struct spill_in *s)
{
	return s != the_fakes.spill_in ? 0 : the_fakes.n[FAKE_SPILL_IN];
}

static void let_go(struct packet *p, unsigned *np)
{
	assert_non_null(p->spilled);
	p->spilled = NULL;
	++*np;
}

void __wrap_spill_out_done(struct spill_out *s UNUSED, struct packet *p)
{
	let_go(p, &the_fakes.n_done);
}

void __wrap_spill_out_give_up(struct spill_out *s UNUSED, struct packet *p)
{
	let_go(p, &the_fakes.n_given_up);
}

void __wrap_spill_out_leave(struct spill_out *s UNUSED, struct packet *p)
{
	let_go(p, &the_fakes.n_left);
}

void __wrap_dead_letters_bury(struct dead_letters *d UNUSED, struct packet *p,
			      const char *analyzer UNUSED, const char *reason UNUSED)
{
	fakes_put(FAKE_DEAD, p);
}
