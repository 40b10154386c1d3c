#ifndef WEIR_COMMON_SERVICE_H
#define WEIR_COMMON_SERVICE_H
/*
 * What a service manager is told of this program, by the protocol of sd_notify(3): one datagram a
 * message, to the socket that NOTIFY_SOCKET names. Without that variable nothing is sent. No call
 * blocks: a message that cannot be sent at once is left out. From one thread.
 */
#include <stdint.h>

void service_ready(void);     /* it serves; also: it has reloaded */
void service_reloading(void); /* SIGHUP has come */
void service_stopping(void);  /* SIGTERM has come */

/*
 * How often service_alive is to be called, in ms: half of what WATCHDOG_USEC asks of this process.
 * 0: nobody watches.
 */
uint64_t service_watchdog_ms(void);
void service_alive(void);

#endif
