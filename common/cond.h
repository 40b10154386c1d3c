#ifndef WEIR_COMMON_COND_H
#define WEIR_COMMON_COND_H
/*
 * A condition whose timed waits go by the monotonic clock: pthread_cond_timedwait takes a time of
 * CLOCK_MONOTONIC, and no jump of the wall clock makes a wait longer or shorter. Such a condition
 * needs no memory of its own, so nothing can fail.
 */
#include <pthread.h>

void cond_init(pthread_cond_t *cond);

#endif
