#include "t/unit/fake_sentinel.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net/net.h"

#define POLL_MS 10

/* False: the client is gone. */
static bool hear(struct fake_sentinel *fake, int fd)
{
	char text[512], answer[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	bool is_login;

	if (n <= 0)
		return false;
	text[n] = '\0';
	is_login = strstr(text, "AUTH") != NULL;
	pthread_mutex_lock(&fake->lock);
	memcpy(is_login ? fake->login : fake->heard, text, (size_t)n + 1);
	fake->n_asked += !is_login;
	strcpy(answer, is_login ? "+OK\r\n" : fake->answer);
	pthread_mutex_unlock(&fake->lock);
	return send(fd, answer, strlen(answer), MSG_NOSIGNAL) >= 0;
}

static bool must_stop(struct fake_sentinel *fake)
{
	bool stop;

	pthread_mutex_lock(&fake->lock);
	stop = fake->must_stop;
	pthread_mutex_unlock(&fake->lock);
	return stop;
}

/* One client after the other. */
static void *run(void *arg)
{
	struct fake_sentinel *fake = arg;
	int client = -1;

	while (!must_stop(fake)) {
		struct pollfd poller = { .fd = client >= 0 ? client : fake->listener,
					 .events = POLLIN };

		if (poll(&poller, 1, POLL_MS) <= 0)
			continue;
		if (client < 0) {
			client = accept(fake->listener, NULL, NULL);
		} else if (!hear(fake, client)) {
			close(client);
			client = -1;
		}
	}
	if (client >= 0)
		close(client);
	return NULL;
}

int fake_sentinel_start(struct fake_sentinel *fake)
{
	struct net_addr addr;
	int r;

	*fake = (struct fake_sentinel){ .listener = -1 };
	pthread_mutex_init(&fake->lock, NULL);
	if (net_addr_parse(&addr, "127.0.0.1:0") != 0)
		return -EINVAL;
	r = net_listen(&addr, false, 8, &fake->listener);
	if (r == 0)
		r = net_local_addr(fake->listener, &addr);
	fake->port = net_addr_port(&addr);
	return r == 0 ? -pthread_create(&fake->thread, NULL, run, fake) : r;
}

void fake_sentinel_stop(struct fake_sentinel *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->must_stop = true;
	pthread_mutex_unlock(&fake->lock);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
}

void fake_sentinel_say(struct fake_sentinel *fake, const char *answer)
{
	pthread_mutex_lock(&fake->lock);
	snprintf(fake->answer, sizeof(fake->answer), "%s", answer ? answer : "");
	pthread_mutex_unlock(&fake->lock);
}

void fake_sentinel_name(struct fake_sentinel *fake, int port)
{
	char number[16], answer[128];

	snprintf(number, sizeof(number), "%d", port);
	snprintf(answer, sizeof(answer), "*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n", strlen(number),
		 number);
	fake_sentinel_say(fake, answer);
}

unsigned fake_sentinel_n_asked(struct fake_sentinel *fake)
{
	unsigned n;

	pthread_mutex_lock(&fake->lock);
	n = fake->n_asked;
	pthread_mutex_unlock(&fake->lock);
	return n;
}
