#include "common/secret_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int secret_file_read(const char *path, char secret[SECRET_FILE_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (len < SECRET_FILE_MAX && (n = read(fd, secret + len, SECRET_FILE_MAX - len)) != 0) {
		if (n < 0 && errno != EINTR) {
			r = -errno;
			break;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (r != 0 || len == SECRET_FILE_MAX)
		return r != 0 ? r : -EFBIG;
	if (len > 0 && secret[len - 1] == '\n')
		len--;
	if (len > 0 && secret[len - 1] == '\r')
		len--;
	secret[len] = '\0';
	return strlen(secret) == len ? 0 : -EILSEQ;
}
