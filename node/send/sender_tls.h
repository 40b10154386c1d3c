#ifndef WEIR_NODE_SENDER_TLS_H
#define WEIR_NODE_SENDER_TLS_H

/* For https:// URLs: files in PEM, which are read for each connection. All are borrowed. */
struct sender_tls {
	const char *ca;   /* NULL: the authorities of the system */
	const char *cert; /* NULL: servers are shown none */
	const char *key;  /* NULL: it is in the file of the certificate */
};

#endif
