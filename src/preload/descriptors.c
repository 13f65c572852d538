/* descriptors.c - the calls that open and close descriptors.
 *
 * What the C library opens and closes within one of its own functions does not
 * come by here; where it keeps the descriptor (fopen, opendir) its functions
 * are watched instead. A descriptor that arrives over a socket is not seen.
 */
#include "private.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum real {
    OPEN,
    OPEN64,
    OPENAT,
    OPENAT64,
    CREAT,
    CREAT64,
    OPEN_2,
    OPEN64_2,
    OPENAT_2,
    OPENAT64_2,
    SOCKET,
    SOCKETPAIR,
    ACCEPT,
    ACCEPT4,
    DUP,
    DUP2,
    DUP3,
    PIPE,
    PIPE2,
    EVENTFD,
    EPOLL_CREATE,
    EPOLL_CREATE1,
    TIMERFD_CREATE,
    SIGNALFD,
    INOTIFY_INIT,
    INOTIFY_INIT1,
    MEMFD_CREATE,
    FCNTL,
    FCNTL64,
    SHM_OPEN,
    FOPEN,
    FOPEN64,
    FCLOSE,
    OPENDIR,
    CLOSEDIR,
    CLOSE,
    CLOSE_RANGE,
    REAL_COUNT
};

static const char *const names[REAL_COUNT] = {
    [OPEN] = "open",
    [OPEN64] = "open64",
    [OPENAT] = "openat",
    [OPENAT64] = "openat64",
    [CREAT] = "creat",
    [CREAT64] = "creat64",
    [OPEN_2] = "__open_2",
    [OPEN64_2] = "__open64_2",
    [OPENAT_2] = "__openat_2",
    [OPENAT64_2] = "__openat64_2",
    [SOCKET] = "socket",
    [SOCKETPAIR] = "socketpair",
    [ACCEPT] = "accept",
    [ACCEPT4] = "accept4",
    [DUP] = "dup",
    [DUP2] = "dup2",
    [DUP3] = "dup3",
    [PIPE] = "pipe",
    [PIPE2] = "pipe2",
    [EVENTFD] = "eventfd",
    [EPOLL_CREATE] = "epoll_create",
    [EPOLL_CREATE1] = "epoll_create1",
    [TIMERFD_CREATE] = "timerfd_create",
    [SIGNALFD] = "signalfd",
    [INOTIFY_INIT] = "inotify_init",
    [INOTIFY_INIT1] = "inotify_init1",
    [MEMFD_CREATE] = "memfd_create",
    [FCNTL] = "fcntl",
    [FCNTL64] = "fcntl64",
    [SHM_OPEN] = "shm_open",
    [FOPEN] = "fopen",
    [FOPEN64] = "fopen64",
    [FCLOSE] = "fclose",
    [OPENDIR] = "opendir",
    [CLOSEDIR] = "closedir",
    [CLOSE] = "close",
    [CLOSE_RANGE] = "close_range",
};

static void *found[REAL_COUNT];

/* Looked up at its first call: two threads that do so at a time find the same. */
static void *real(enum real which)
{
    void *function = __atomic_load_n(&found[which], __ATOMIC_RELAXED);
    if (UF_RARELY(!function)) {
        function = uf_preload_next(names[which]);
        __atomic_store_n(&found[which], function, __ATOMIC_RELAXED);
    }
    return function;
}

static int born(int fd)
{
    if (uf_preload_awake() && fd >= 0)
        uf_preload_born(UF_PRELOAD_DESCRIPTOR, (uint64_t)fd, 0, NULL);
    return fd;
}

static int both_born(int status, const int *ends)
{
    if (status == 0) {
        (void)born(ends[0]);
        (void)born(ends[1]);
    }
    return status;
}

static void lost(int fd)
{
    if (uf_preload_awake() && fd >= 0)
        uf_preload_lost(UF_PRELOAD_DESCRIPTOR, (uint64_t)fd, NULL);
}

typedef int (*open_call)(const char *, int, mode_t);
typedef int (*openat_call)(int, const char *, int, mode_t);

static bool has_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

UF_EXPORT int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = has_mode(flags) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return born(((open_call)real(OPEN))(path, flags, mode));
}

UF_EXPORT int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = has_mode(flags) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return born(((open_call)real(OPEN64))(path, flags, mode));
}

UF_EXPORT int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = has_mode(flags) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return born(((openat_call)real(OPENAT))(folder, path, flags, mode));
}

UF_EXPORT int openat64(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = has_mode(flags) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return born(((openat_call)real(OPENAT64))(folder, path, flags, mode));
}

/* What open() becomes in code compiled with _FORTIFY_SOURCE (glibc io/bits/fcntl2.h). */
UF_EXPORT int __open_2(const char *path, int flags);
UF_EXPORT int __open64_2(const char *path, int flags);
UF_EXPORT int __openat_2(int folder, const char *path, int flags);
UF_EXPORT int __openat64_2(int folder, const char *path, int flags);

UF_EXPORT int __open_2(const char *path, int flags)
{
    return born(((int (*)(const char *, int))real(OPEN_2))(path, flags));
}

UF_EXPORT int __open64_2(const char *path, int flags)
{
    return born(((int (*)(const char *, int))real(OPEN64_2))(path, flags));
}

UF_EXPORT int __openat_2(int folder, const char *path, int flags)
{
    return born(((int (*)(int, const char *, int))real(OPENAT_2))(folder, path, flags));
}

UF_EXPORT int __openat64_2(int folder, const char *path, int flags)
{
    return born(((int (*)(int, const char *, int))real(OPENAT64_2))(folder, path, flags));
}

UF_EXPORT int creat(const char *path, mode_t mode)
{
    return born(((int (*)(const char *, mode_t))real(CREAT))(path, mode));
}

UF_EXPORT int creat64(const char *path, mode_t mode)
{
    return born(((int (*)(const char *, mode_t))real(CREAT64))(path, mode));
}

UF_EXPORT int shm_open(const char *name, int flags, mode_t mode)
{
    return born(((open_call)real(SHM_OPEN))(name, flags, mode));
}

UF_EXPORT int socket(int domain, int type, int protocol)
{
    return born(((int (*)(int, int, int))real(SOCKET))(domain, type, protocol));
}

UF_EXPORT int socketpair(int domain, int type, int protocol, int ends[2])
{
    int status = ((int (*)(int, int, int, int *))real(SOCKETPAIR))(domain, type, protocol, ends);
    return both_born(status, ends);
}

/* glibc declares the address as a union of pointers to all kinds of addresses. */
typedef int (*accept_call)(int, __SOCKADDR_ARG, socklen_t *);
typedef int (*accept4_call)(int, __SOCKADDR_ARG, socklen_t *, int);

UF_EXPORT int accept(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
    return born(((accept_call)real(ACCEPT))(fd, address, len));
}

UF_EXPORT int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
    return born(((accept4_call)real(ACCEPT4))(fd, address, len, flags));
}

UF_EXPORT int dup(int fd)
{
    return born(((int (*)(int))real(DUP))(fd));
}

UF_EXPORT int dup2(int fd, int wanted)
{
    int status = ((int (*)(int, int))real(DUP2))(fd, wanted);
    if (status >= 0 && fd != wanted) {
        lost(wanted);
        (void)born(wanted);
    }
    return status;
}

UF_EXPORT int dup3(int fd, int wanted, int flags)
{
    int status = ((int (*)(int, int, int))real(DUP3))(fd, wanted, flags);
    if (status >= 0) {
        lost(wanted);
        (void)born(wanted);
    }
    return status;
}

UF_EXPORT int pipe(int ends[2])
{
    return both_born(((int (*)(int *))real(PIPE))(ends), ends);
}

UF_EXPORT int pipe2(int ends[2], int flags)
{
    return both_born(((int (*)(int *, int))real(PIPE2))(ends, flags), ends);
}

UF_EXPORT int eventfd(unsigned value, int flags)
{
    return born(((int (*)(unsigned, int))real(EVENTFD))(value, flags));
}

UF_EXPORT int epoll_create(int size)
{
    return born(((int (*)(int))real(EPOLL_CREATE))(size));
}

UF_EXPORT int epoll_create1(int flags)
{
    return born(((int (*)(int))real(EPOLL_CREATE1))(flags));
}

UF_EXPORT int timerfd_create(clockid_t clock, int flags)
{
    return born(((int (*)(clockid_t, int))real(TIMERFD_CREATE))(clock, flags));
}

UF_EXPORT int signalfd(int fd, const sigset_t *mask, int flags)
{
    int made = ((int (*)(int, const sigset_t *, int))real(SIGNALFD))(fd, mask, flags);
    return fd < 0 ? born(made) : made;
}

UF_EXPORT int inotify_init(void)
{
    return born(((int (*)(void))real(INOTIFY_INIT))());
}

UF_EXPORT int inotify_init1(int flags)
{
    return born(((int (*)(int))real(INOTIFY_INIT1))(flags));
}

UF_EXPORT int memfd_create(const char *name, unsigned flags)
{
    return born(((int (*)(const char *, unsigned))real(MEMFD_CREATE))(name, flags));
}

/* The third argument is a number or a pointer; either is handed on as the word that it is. */
static int duplicated(int status, int command)
{
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? born(status) : status;
}

UF_EXPORT int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return duplicated(((int (*)(int, int, ...))real(FCNTL))(fd, command, argument), command);
}

UF_EXPORT int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return duplicated(((int (*)(int, int, ...))real(FCNTL64))(fd, command, argument), command);
}

static FILE *stream_born(FILE *stream)
{
    if (uf_preload_awake() && stream)
        (void)born(fileno(stream));
    return stream;
}

UF_EXPORT FILE *fopen(const char *path, const char *mode)
{
    return stream_born(((FILE * (*)(const char *, const char *)) real(FOPEN))(path, mode));
}

UF_EXPORT FILE *fopen64(const char *path, const char *mode)
{
    return stream_born(((FILE * (*)(const char *, const char *)) real(FOPEN64))(path, mode));
}

UF_EXPORT int fclose(FILE *stream)
{
    if (uf_preload_awake() && stream)
        lost(fileno(stream));
    return ((int (*)(FILE *))real(FCLOSE))(stream);
}

UF_EXPORT DIR *opendir(const char *path)
{
    DIR *folder = ((DIR * (*)(const char *)) real(OPENDIR))(path);
    if (uf_preload_awake() && folder)
        (void)born(dirfd(folder));
    return folder;
}

UF_EXPORT int closedir(DIR *folder)
{
    if (uf_preload_awake()) /* which may not be given NULL */
        lost(dirfd(folder));
    return ((int (*)(DIR *))real(CLOSEDIR))(folder);
}

UF_EXPORT int close(int fd)
{
    lost(fd);
    return ((int (*)(int))real(CLOSE))(fd);
}

UF_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    if (uf_preload_awake())
        for (unsigned fd = first; fd <= last && fd < 65536; fd++)
            lost((int)fd);
    return ((int (*)(unsigned, unsigned, int))real(CLOSE_RANGE))(first, last, flags);
}
