/* A disk that fails: while the file named by FAIL_WHEN exists, every write and sync of a file whose path contains
 * FAIL_ON ends with EIO. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd) {
    const char *when = getenv("FAIL_WHEN"), *on = getenv("FAIL_ON");
    char link[64], path[4096];
    if (!when || !on || access(when, F_OK)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, on) != NULL;
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) {
    if (fails(fd)) { errno = EIO; return -1; }
    return REAL(pwrite64, fd, data, bytes, at);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
    if (fails(fd)) { errno = EIO; return -1; }
    return REAL(pwrite, fd, data, bytes, at);
}

int fdatasync(int fd) {
    if (fails(fd)) { errno = EIO; return -1; }
    return REAL(fdatasync, fd);
}

int fsync(int fd) {
    if (fails(fd)) { errno = EIO; return -1; }
    return REAL(fsync, fd);
}
