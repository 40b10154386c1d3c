#include "registry/ctl/ctl_screen.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/write_all.h"

#define PUT_MS 100 /* that a stopped terminal is waited for */

/* the other screen, no cursor; and back */
static const char enter_text[] = "\033[?1049h\033[?25l\033[2J";
static const char leave_text[] = "\033[0m\033[?25h\033[?1049l";

static const int ends[] = { SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGABRT,
			    SIGSEGV, SIGBUS,  SIGFPE, SIGILL,  SIGXCPU };

/* Handlers need them, and there is one terminal. */
static struct termios saved;
static bool has_keys; /* stdin is a terminal, and `saved` is how it was */
static volatile sig_atomic_t is_open;
static sigset_t outside; /* signals blocked before; in wait alone it is so again */

/* enter, leave and put are called by signal handlers: nothing in them that must not be. */

/* Not to a terminal that is stopped (Ctrl-S): a signal must end the program all the same. */
static void put(const char *text, size_t len)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n = 0;

	if (poll(&fd, 1, PUT_MS) == 1 && fd.revents & POLLOUT)
		n = write(STDOUT_FILENO, text, len);
	(void)n; /* draw finds out */
}

static void enter(void)
{
	struct termios raw = saved;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	is_open = 1;
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	put(enter_text, sizeof(enter_text) - 1);
}

static void leave(void)
{
	if (!is_open)
		return;
	is_open = 0;
	put(leave_text, sizeof(leave_text) - 1);
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

/* With SA_RESETHAND: the signal comes again when this returns, and ends the program. */
static void on_end(int number)
{
	leave();
	raise(number);
}

static void on_stop(int number)
{
	int error = errno;

	(void)number;
	leave();
	raise(SIGSTOP);
	enter();
	errno = error;
}

static void on_resize(int number)
{
	(void)number; /* that the wait ends is all */
}

const char *ctl_screen_check(void)
{
	const char *type = getenv("TERM");

	if (!isatty(STDOUT_FILENO))
		return "stdout is no terminal";
	if (type && strcmp(type, "dumb") == 0)
		return "a terminal of type \"dumb\" cannot be drawn on";
	return NULL;
}

int ctl_screen_open(void)
{
	struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };
	struct sigaction stop = { .sa_handler = on_stop }, resize = { .sa_handler = on_resize };
	sigset_t held;

	has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &saved) == 0;
	/* held but in wait, so that none is missed and none breaks a call to Redis off */
	sigemptyset(&held);
	sigaddset(&held, SIGWINCH);
	sigaddset(&held, SIGTSTP);
	if (sigprocmask(SIG_BLOCK, &held, &outside) != 0)
		return -errno;
	sigdelset(&outside, SIGWINCH);
	sigdelset(&outside, SIGTSTP);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		sigaction(ends[i], &end, NULL);
	sigaction(SIGTSTP, &stop, NULL);
	sigaction(SIGWINCH, &resize, NULL);
	enter();
	return 0;
}

void ctl_screen_close(void)
{
	leave();
}

void ctl_screen_size(unsigned *columnsp, unsigned *rowsp)
{
	struct winsize size = { 0 };

	*columnsp = 80;
	*rowsp = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row)
		return;
	*columnsp = size.ws_col;
	*rowsp = size.ws_row;
}

/* Cleared before it is written: once the text has reached the right edge, that would take its last
 * letter. No newline at the end: in the last row it would scroll. */
int ctl_screen_draw(const struct buf *lines)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	const char *p = lines->data, *end = p + lines->len, *newline;

	buf_append_str(&out, "\033[H");
	for (; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
		buf_append_str(&out, p == lines->data ? "" : "\r\n");
		buf_append_str(&out, newline + 1 == end ? "\033[J" : "\033[K");
		buf_append(&out, p, (size_t)(newline - p));
	}
	if (out.failed || lines->failed)
		return -ENOMEM;
	return write_all(STDOUT_FILENO, out.data, out.len);
}

int ctl_screen_wait(uint64_t ms)
{
	struct pollfd fd = { .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	struct timespec timeout = { .tv_sec = (time_t)(ms / 1000),
				    .tv_nsec = (long)(ms % 1000 * US_PER_MS * 1000) };
	int n = ppoll(&fd, 1, &timeout, &outside);
	unsigned char key;

	if (n < 0)
		return errno == EINTR ? CTL_KEY_DRAW : CTL_KEY_END;
	if (n == 0)
		return CTL_KEY_NONE;
	return read(STDIN_FILENO, &key, 1) == 1 && key > CTL_KEY_DRAW ? key : CTL_KEY_END;
}
