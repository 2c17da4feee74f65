/* Ends the process at the Nth time that it changes a file, or asks a PostgreSQL server on a socket, as a power cut might:
   CRASH_AT=N. With CRASH_ONCE=PATH, only what it does while there is such a file counts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static void step(void) {
    static int left = -1;
    if (left < 0) {
        const char *at = getenv("CRASH_AT");
        left = at ? atoi(at) : 0;
    }
    const char *once = getenv("CRASH_ONCE");
    if (once && access(once, F_OK) != 0) return;
    if (left > 0 && --left == 0) _exit(137);
}

#define BEFORE(type, name, parameters, arguments) \
    type name parameters {                        \
        static type(*real) parameters;            \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        step();                                   \
        return real arguments;                    \
    }

BEFORE(ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at))
BEFORE(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at))
BEFORE(int, fsync, (int fd), (fd))
BEFORE(int, fdatasync, (int fd), (fd))
BEFORE(int, ftruncate64, (int fd, off64_t length), (fd, length))
BEFORE(int, ftruncate, (int fd, off_t length), (fd, length))
BEFORE(int, rename, (const char *from, const char *to), (from, to))
BEFORE(int, unlink, (const char *path), (path))
BEFORE(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))

static int is_server(int fd) {
    struct sockaddr_un peer;
    socklen_t length = sizeof peer;
    memset(&peer, 0, sizeof peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0 || peer.sun_family != AF_UNIX) return 0;
    peer.sun_path[sizeof peer.sun_path - 1] = 0;
    return strstr(peer.sun_path, ".s.PGSQL.") != NULL;
}

ssize_t send(int fd, const void *from, size_t n, int flags) {
    static ssize_t (*real)(int, const void *, size_t, int);
    if (!real) real = dlsym(RTLD_NEXT, "send");
    if (is_server(fd)) step();
    return real(fd, from, n, flags);
}

ssize_t writev(int fd, const struct iovec *from, int n) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    if (is_server(fd)) step();
    return real(fd, from, n);
}

ssize_t write(int fd, const void *from, size_t n) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    /* What goes to other programs changes no file. */
    struct stat is;
    if (fd > 2 && fstat(fd, &is) == 0 && (S_ISREG(is.st_mode) || (S_ISSOCK(is.st_mode) && is_server(fd)))) step();
    return real(fd, from, n);
}
