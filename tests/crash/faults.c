/* Faults in one process, loaded with LD_PRELOAD. The process passes numbered points: what it does to files, what it sends,
   and what it receives. At point FAULT_AT, FAULT happens:
     crash     it ends before the call; after it if that received something
     half      it ends when half of a write has been done (only writes are counted)
     power     it ends, and all files lose what was not flushed: contents by fsync, names by fsync of their folder
     lie       like power, but flushes since the beginning counted for nothing
     lie-last  like power, but the last flush counted for nothing
     enospc, eio        the call fails
     enospc-on, eio-on  the call fails, and so does each later one (only those that can fail so are counted)
   With FAULT_ARM=PATH, only what happens while there is such a file counts. The point is described in FAULT_REPORT. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum mode { NONE, CRASH, HALF, POWER, LIE, LIE_LAST, ENOSPC_ONCE, ENOSPC_ON, EIO_ONCE, EIO_ON };
static const char *const names[] = {"none", "crash", "half", "power", "lie", "lie-last",
                                    "enospc", "enospc-on", "eio", "eio-on"};
static enum mode mode;
static long at, passed;
static pid_t self;
static const char *arm, *report;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("FAULT"), *number = getenv("FAULT_AT");
    if (!fault || !number || strcmp(program_invocation_short_name, "perennial") != 0) return;
    for (unsigned n = 0; n < sizeof names / sizeof *names; n++)
        if (strcmp(fault, names[n]) == 0) mode = n;
    at = atol(number);
    arm = getenv("FAULT_ARM");
    report = getenv("FAULT_REPORT");
    self = getpid();
}

static int is_armed(void) {
    return mode != NONE && getpid() == self && (!arm || syscall(SYS_access, arm, F_OK) == 0);
}

static void describe(const char *kind, const char *what) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s\t%s\n", kind, what);
    int fd = report ? syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (fd < 0) return;
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
}

static const char *path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlink, link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return path;
}

/* What a power cut undoes in the content of files, newest last. */
struct change {
    int file;
    ino_t inode;
    dev_t device;
    off_t size, offset;
    char *bytes;
    size_t length;
    long flush;
};
static struct change *changes;
static size_t count, room;
static long flushes;

static int keeps_changes(void) { return mode == POWER || mode == LIE || mode == LIE_LAST; }

static struct change *add(void) {
    if (count == room) changes = realloc(changes, (room = room * 2 + 64) * sizeof *changes);
    struct change *change = &changes[count++];
    memset(change, 0, sizeof *change);
    change->flush = -1;
    return change;
}

/* The index of a write-ahead log is made anew after a power cut, and others read it in memory. */
static int is_index(const char *path) {
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}

static void keep_content(int fd, off_t offset, size_t length) {
    char path[PATH_MAX];
    struct stat is;
    if (fstat(fd, &is) != 0 || is_index(path_of(fd, path))) return;
    int file = -1;
    for (size_t n = count; n > 0 && file < 0; n--)
        if (changes[n - 1].inode == is.st_ino && changes[n - 1].device == is.st_dev)
            file = changes[n - 1].file;
    if (file < 0) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        file = syscall(SYS_openat, AT_FDCWD, link, O_RDWR | O_CLOEXEC);
    }
    if (offset < 0) offset = fcntl(fd, F_GETFL) & O_APPEND ? is.st_size : lseek(fd, 0, SEEK_CUR);
    struct change *change = add();
    *change = (struct change){.file = file, .inode = is.st_ino, .device = is.st_dev,
                              .size = is.st_size, .offset = offset, .flush = -1};
    if (offset >= is.st_size) return;
    if (length > (size_t)(is.st_size - offset)) length = is.st_size - offset;
    change->bytes = malloc(length);
    change->length = length;
    syscall(SYS_pread64, file, change->bytes, length, offset);
}

/* The names in a folder as a power cut finds them: those of its last honoured flush. Not every program renames through
   the C library, so the folder itself is looked at. */
struct name {
    char *path, *kept;
    ino_t inode;
};
struct folder {
    char *path;
    ino_t inode;
    struct name *names[2];
    size_t counts[2];
};
static struct folder folders[16];
static size_t folder_count;

/* Of the test, or never replaced; a lock with a second name is refused. */
static int is_own(const char *name) {
    const char *const own[] = {"fault", "arm", "log", "graph.log", "app.secret", "hook.secret", "inventory.db.lock"};
    for (unsigned n = 0; n < sizeof own / sizeof *own; n++)
        if (strcmp(name, own[n]) == 0) return 1;
    return is_index(name);
}

/* The names of today become those of the last flush, and those of the last flush those of the one before. */
static void keep_names(struct folder *folder) {
    static long number;
    DIR *listing = opendir(folder->path);
    if (!listing) return;
    const char *keep = getenv("FAULT_KEEP");
    folder->names[1] = folder->names[0], folder->counts[1] = folder->counts[0];
    folder->names[0] = NULL, folder->counts[0] = 0;
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_type != DT_REG || is_own(entry->d_name)) continue;
        folder->names[0] = realloc(folder->names[0], (folder->counts[0] + 1) * sizeof(struct name));
        struct name *name = &folder->names[0][folder->counts[0]++];
        name->inode = entry->d_ino;
        if (asprintf(&name->path, "%s/%s", folder->path, entry->d_name) < 0) _exit(99);
        if (asprintf(&name->kept, "%s/%d-%ld", keep, self, number++) < 0) _exit(99);
        syscall(SYS_linkat, AT_FDCWD, name->path, AT_FDCWD, name->kept, 0);
    }
    closedir(listing);
}

static void watch(const char *path) {
    struct stat is;
    if (stat(path, &is) != 0 || !S_ISDIR(is.st_mode) || folder_count == sizeof folders / sizeof *folders) return;
    folders[folder_count] = (struct folder){.path = strdup(path), .inode = is.st_ino};
    keep_names(&folders[folder_count]);
    folders[folder_count].names[1] = folders[folder_count].names[0];
    folders[folder_count].counts[1] = folders[folder_count].counts[0];
    folder_count++;
}

/* Begins to watch when the first point is passed. */
static void watch_all(void) {
    static int watches;
    const char *root = getenv("FAULT_ROOT");
    if (watches++ || !root) return;
    watch(root);
    const char *const below[] = {"tokens", "backups"};
    for (unsigned n = 0; n < 2; n++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", root, below[n]);
        watch(path);
    }
}

static void restore_names(struct folder *folder) {
    int age = mode == LIE_LAST;
    DIR *listing = opendir(folder->path);
    if (!listing) return;
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[PATH_MAX];
        int is_kept = entry->d_type != DT_REG || is_own(entry->d_name);
        snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
        for (size_t n = 0; n < folder->counts[age] && !is_kept; n++)
            is_kept = strcmp(folder->names[age][n].path, path) == 0;
        if (!is_kept) syscall(SYS_unlink, path);
    }
    closedir(listing);
    for (size_t n = 0; n < folder->counts[age]; n++) {
        struct name *name = &folder->names[age][n];
        struct stat is;
        if (stat(name->path, &is) != 0 || is.st_ino != name->inode) syscall(SYS_rename, name->kept, name->path);
    }
}

static void note_flush(int fd) {
    struct stat is;
    if (mode == LIE || fstat(fd, &is) != 0) return;
    flushes++;
    for (size_t n = 0; n < folder_count && S_ISDIR(is.st_mode); n++)
        if (folders[n].inode == is.st_ino) keep_names(&folders[n]);
    for (size_t n = 0; n < count; n++)
        if (changes[n].inode == is.st_ino && changes[n].flush < 0) changes[n].flush = flushes;
}

static void undo(struct change *change) {
    long honoured = mode == LIE_LAST ? flushes - 1 : flushes;
    if (change->flush >= 0 && change->flush <= honoured) return;
    syscall(SYS_ftruncate, change->file, change->size);
    if (change->length) syscall(SYS_pwrite64, change->file, change->bytes, change->length, change->offset);
}

static void end(void) {
    /* Names first, so that nobody reads a file under a name that it loses. */
    for (size_t n = 0; n < folder_count; n++) restore_names(&folders[n]);
    while (count > 0) undo(&changes[--count]);
    _exit(137);
}

static int can_fail(int error, const char *kind) {
    if (strcmp(kind, "send") == 0 || strcmp(kind, "receive") == 0) return 0;
    return error == EIO || (strcmp(kind, "fsync") != 0 && strcmp(kind, "unlink") != 0);
}

/* Passes a point. Returns the error with which the call is to fail, or -1 if half of it is to be done. */
static int pass(const char *kind, const char *what) {
    if (keeps_changes()) watch_all();
    if (mode == HALF && strcmp(kind, "write") != 0) return 0;
    int error = mode == ENOSPC_ONCE || mode == ENOSPC_ON ? ENOSPC : mode == EIO_ONCE || mode == EIO_ON ? EIO : 0;
    if (error && !can_fail(error, kind)) return 0;
    passed++;
    if (at == 0 || passed < at) return 0;
    if (passed == at) describe(kind, what);
    if (!error && mode != HALF) end();
    if (mode == HALF) return -1;
    return passed == at || mode == ENOSPC_ON || mode == EIO_ON ? error : 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ENTER                            \
    int armed = is_armed(), failure = 0; \
    if (armed) pthread_mutex_lock(&lock)
#define LEAVE(result)                         \
    do {                                      \
        int kept_errno = errno;               \
        if (armed) pthread_mutex_unlock(&lock); \
        errno = kept_errno;                   \
        return result;                        \
    } while (0)

#define NAMED(name, parameters, arguments, kind, what)     \
    int name parameters {                                   \
        ENTER;                                              \
        if (armed) failure = pass(kind, what);              \
        int result = -1;                                    \
        if (failure) errno = failure;                       \
        else result = REAL(name) arguments;                 \
        LEAVE(result);                                      \
    }

NAMED(rename, (const char *from, const char *to), (from, to), "rename", to)
NAMED(unlink, (const char *path), (path), "unlink", path)
NAMED(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), "unlink", path)
NAMED(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), "link", to)
NAMED(mkdir, (const char *path, mode_t rights), (path, rights), "mkdir", path)
NAMED(chmod, (const char *path, mode_t rights), (path, rights), "chmod", path)

static int is_file(int fd, char *path) {
    struct stat is;
    return fd > 2 && fstat(fd, &is) == 0 && (S_ISREG(is.st_mode) || S_ISDIR(is.st_mode)) && path_of(fd, path);
}

static int flush(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    ENTER;
    int counts = armed && is_file(fd, path);
    if (counts) failure = pass("fsync", path);
    int result = -1;
    if (failure) errno = failure;
    else result = real(fd);
    if (counts && result == 0 && keeps_changes()) note_flush(fd);
    LEAVE(result);
}
int fsync(int fd) { return flush(fd, REAL(fsync)); }
int fdatasync(int fd) { return flush(fd, REAL(fdatasync)); }

static int cut(int fd, off64_t length) {
    char path[PATH_MAX];
    ENTER;
    if (armed && is_file(fd, path) && (failure = pass("truncate", path)) == 0 && keeps_changes())
        keep_content(fd, length, LONG_MAX);
    int result = -1;
    if (failure) errno = failure;
    else result = syscall(SYS_ftruncate, fd, length);
    LEAVE(result);
}
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }
int ftruncate(int fd, off_t length) { return cut(fd, length); }

static int opened(const char *path, int flags, mode_t rights) {
    ENTER;
    int makes = armed && flags & O_CREAT && syscall(SYS_access, path, F_OK) != 0;
    if (makes) failure = pass("create", path);
    if (armed && !failure && flags & O_TRUNC && keeps_changes()) {
        int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) keep_content(fd, 0, LONG_MAX), syscall(SYS_close, fd);
    }
    int result = -1;
    if (failure) errno = failure;
    else result = syscall(SYS_openat, AT_FDCWD, path, flags, rights);
    LEAVE(result);
}
#define OPEN(name)                                \
    int name(const char *path, int flags, ...) {  \
        va_list more;                             \
        va_start(more, flags);                    \
        mode_t rights = va_arg(more, mode_t);     \
        va_end(more);                             \
        return opened(path, flags, rights);       \
    }
OPEN(open)
OPEN(open64)

/* Sockets with an address are of Meta, the mail server, receivers and clients; others are the program's own. */
static int is_peer(int fd, char *what) {
    union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_un local; } peer = {0}, own = {0};
    int type = 0;
    socklen_t length = sizeof type, to_peer = sizeof peer, to_own = sizeof own;
    if (fd <= 2 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) return 0;
    if (getpeername(fd, &peer.any, &to_peer) != 0 || getsockname(fd, &own.any, &to_own) != 0) return 0;
    if (peer.any.sa_family == AF_INET)
        return sprintf(what, "port %d %d", ntohs(peer.v4.sin_port), ntohs(own.v4.sin_port));
    if (peer.any.sa_family != AF_UNIX || (!peer.local.sun_path[0] && !own.local.sun_path[0])) return 0;
    return sprintf(what, "socket");
}

static size_t length_of(const struct iovec *from, int n) {
    size_t length = 0;
    for (int i = 0; i < n; i++) length += from[i].iov_len;
    return length;
}

static ssize_t written(int fd, const struct iovec *from, int n, off64_t offset, int is_vector) {
    char path[PATH_MAX];
    ENTER;
    if (armed && is_peer(fd, path)) pass("send", path);
    else if (armed && is_file(fd, path) && (failure = pass("write", path)) == 0 && keeps_changes())
        keep_content(fd, offset, length_of(from, n));
    ssize_t result = -1;
    if (failure > 0) errno = failure;
    else if (failure < 0) {
        if (offset < 0) syscall(SYS_write, fd, from->iov_base, from->iov_len / 2);
        else syscall(SYS_pwrite64, fd, from->iov_base, from->iov_len / 2, offset);
        _exit(137);
    } else if (is_vector) result = syscall(SYS_writev, fd, from, n);
    else if (offset >= 0) result = syscall(SYS_pwrite64, fd, from->iov_base, from->iov_len, offset);
    else result = syscall(SYS_write, fd, from->iov_base, from->iov_len);
    LEAVE(result);
}
ssize_t write(int fd, const void *from, size_t n) {
    return written(fd, &(struct iovec){(void *)from, n}, 1, -1, 0);
}
ssize_t writev(int fd, const struct iovec *from, int n) { return written(fd, from, n, -1, 1); }
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t offset) {
    return written(fd, &(struct iovec){(void *)from, n}, 1, offset, 0);
}
ssize_t pwrite(int fd, const void *from, size_t n, off_t offset) {
    return written(fd, &(struct iovec){(void *)from, n}, 1, offset, 0);
}

/* Copies of whole files are made with write instead, which passes points. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags) {
    (void)in, (void)from, (void)out, (void)to, (void)n, (void)flags;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t n) {
    char path[PATH_MAX];
    if (!is_armed() || !is_file(out, path)) return syscall(SYS_sendfile, out, in, offset, n);
    static __thread char bytes[65536];
    ssize_t length = syscall(SYS_read, in, bytes, n < sizeof bytes ? n : sizeof bytes);
    return length <= 0 ? length : write(out, bytes, length);
}

#define SENDS(type, name, parameters, arguments, fd)          \
    type name parameters {                                    \
        char what[PATH_MAX];                                  \
        ENTER;                                                \
        (void)failure;                                        \
        if (armed && is_peer(fd, what)) pass("send", what);   \
        type result = REAL(name) arguments;                   \
        LEAVE(result);                                        \
    }
SENDS(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags), fd)
SENDS(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), fd)

/* Waits for nothing: the program's sockets do not block. */
#define RECEIVES(name, parameters, arguments, fd)                             \
    ssize_t name parameters {                                                 \
        char what[PATH_MAX];                                                  \
        ssize_t result = REAL(name) arguments;                                \
        if (result <= 0 || !is_armed() || !is_peer(fd, what)) return result;  \
        pthread_mutex_lock(&lock);                                            \
        pass("receive", what);                                                \
        pthread_mutex_unlock(&lock);                                          \
        return result;                                                        \
    }
RECEIVES(recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags), fd)
RECEIVES(read, (int fd, void *to, size_t n), (fd, to, n), fd)
RECEIVES(readv, (int fd, const struct iovec *to, int n), (fd, to, n), fd)
RECEIVES(recvmsg, (int fd, struct msghdr *to, int flags), (fd, to, flags), fd)
