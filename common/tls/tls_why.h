#ifndef WEIR_COMMON_TLS_WHY_H
#define WEIR_COMMON_TLS_WHY_H
/*
 * OpenSSL keeps its errors in a queue of the thread. It is read here, and left empty.
 */

/* The latest error in words, or `otherwise`; static or of the thread. Empties the queue. */
const char *tls_why(const char *otherwise);

#endif
