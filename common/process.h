#ifndef WEIR_COMMON_PROCESS_H
#define WEIR_COMMON_PROCESS_H
/*
 * What this process uses of the machine, and what it was built with.
 */
#include <stdint.h>

/* "gcc 12.2.0" */
#ifdef __clang__
#define PROCESS_COMPILER "clang " __clang_version__
#else
#define PROCESS_COMPILER "gcc " __VERSION__
#endif

/* Bytes that it occupies now. 0: not known. */
uint64_t process_resident_bytes(void);
/* Of all its threads, in the kernel too. */
uint64_t process_cpu_us(void);

#endif
