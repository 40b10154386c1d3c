#ifndef WEIR_COMMON_TLS_ERROR_H
#define WEIR_COMMON_TLS_ERROR_H
/*
 * OpenSSL keeps its errors in a queue of the thread. It is read here, and left empty.
 */

/* The latest error in words, or `otherwise`; static or of the thread. Empties the queue. */
const char *tls_error_text(const char *otherwise);

#endif
