#include "t/unit/redis_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define READY "eady to accept connections"

static void child(const struct redis_server *server, int out)
{
	const char *program = getenv("WEIR_REDIS_SERVER"); /* such as valkey-server */
	char port[16], sock[96];

	program = program ? program : "redis-server";
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(port, sizeof(port), "%d", server->port);
	snprintf(sock, sizeof(sock), "%s/redis.sock", server->dir);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execlp(program, program, "--port", port, "--unixsocket", sock, "--bind", "127.0.0.1",
	       "--dir", server->dir, "--save", "", "--appendonly", "no", "--daemonize", "no",
	       (char *)NULL);
	fprintf(stderr, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

/* Its last words, when it did not come up. */
static int not_ready(const char *text)
{
	fprintf(stderr, "redis-server did not come up:\n%s\n", text);
	return -ETIMEDOUT;
}

static int wait_ready(const struct redis_server *server)
{
	uint64_t end = clock_mono_us() + REDIS_SERVER_WAIT_S * US_PER_S;
	char text[8192];
	size_t len = 0;

	text[0] = '\0';
	while (len < sizeof(text) - 1 && clock_mono_us() < end) {
		struct pollfd poller = { .fd = server->log_fd, .events = POLLIN };

		if (poll(&poller, 1, 100) <= 0)
			continue;
		ssize_t n = read(server->log_fd, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, READY))
			return 0;
	}
	return not_ready(text);
}

static int spawn(struct redis_server *server)
{
	int out[2];

	if (pipe2(out, O_CLOEXEC) != 0)
		return -errno;
	fflush(NULL);
	server->pid = fork();
	if (server->pid == 0)
		child(server, out[1]);
	close(out[1]);
	server->log_fd = out[0];
	if (server->pid > 0)
		return 0;
	close(out[0]);
	server->pid = 0;
	return -EAGAIN;
}

void redis_server_kill(struct redis_server *server)
{
	if (!server->pid)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	close(server->log_fd);
	server->pid = 0;
}

int redis_server_restart(struct redis_server *server)
{
	int r = spawn(server);

	if (r == 0)
		r = wait_ready(server);
	if (r != 0)
		redis_server_kill(server);
	return r;
}

/* A port that stays ours while Redis is away: this socket is bound to it and never listens. */
static int hold_port(struct redis_server *server)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	server->port_fd = fd;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) != 0 ||
	    bind(fd, (struct sockaddr *)&addr, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return -errno;
	server->port = ntohs(addr.sin_port);
	return 0;
}

static void clean_up(struct redis_server *server)
{
	char path[96];

	if (server->port_fd >= 0)
		close(server->port_fd);
	server->port_fd = -1;
	snprintf(path, sizeof(path), "%s/redis.sock", server->dir);
	unlink(path);
	rmdir(server->dir);
}

static int start_tcp(struct redis_server *server)
{
	int r = hold_port(server);

	if (r == 0)
		r = redis_server_restart(server);
	snprintf(server->url, sizeof(server->url), "redis://127.0.0.1:%d", server->port);
	return r;
}

int redis_server_start(struct redis_server *server, bool tcp)
{
	int r;

	*server = (struct redis_server){ .dir = "/tmp/weir-test-redis.XXXXXX", .port_fd = -1 };
	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	if (!mkdtemp(server->dir))
		return -errno;
	snprintf(server->url, sizeof(server->url), "unix://%s/redis.sock", server->dir);
	r = tcp ? start_tcp(server) : redis_server_restart(server);
	if (r != 0)
		clean_up(server);
	return r;
}

void redis_server_stop(struct redis_server *server)
{
	redis_server_kill(server);
	clean_up(server);
}

void redis_server_freeze(const struct redis_server *server)
{
	kill(server->pid, SIGSTOP);
}

void redis_server_thaw(const struct redis_server *server)
{
	kill(server->pid, SIGCONT);
}
