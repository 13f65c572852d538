#include "pyext/proof_sandbox.h"

#include "base/mem.h"
#include "memory/regions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHARED_MAX_BYTES ((uint64_t)128 << 20) /* of shared memory is copied, at the most */
#define MAPS_MAX_BYTES ((size_t)16 << 20)
#define EXTRA_MEMORY_BYTES ((rlim_t)1 << 30) /* address space that a copy may take on top */

pid_t uf_sandbox_fork(void)
{
    /* clone(2): no flags is a fork, and no signal at its end; the order of arguments differs by
     * machine, but all are 0 */
    return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

static bool fails(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fails(char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, size, format, args);
    va_end(args);
    return false;
}

static bool set_timer(__itimer_which_t which, double seconds)
{
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};
    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    return setitimer(which, &timer, NULL) == 0;
}

/* Kept by the process itself until the filter takes the means to change it away. */
static bool limit_life(const struct uf_sandbox *sandbox, char *why, size_t size)
{
    sigset_t held;
    static const int deadly[] = {SIGALRM, SIGPROF, SIGABRT, SIGSEGV,
                                 SIGBUS,  SIGFPE,  SIGILL,  SIGSYS};
    sigfillset(&held);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        (void)signal(deadly[i], SIG_DFL); /* not the target's handlers */
        sigdelset(&held, deadly[i]);
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != sandbox->parent)
        return fails(why, size, "a copy that would not end with this process");
    if (sigprocmask(SIG_SETMASK, &held, NULL) || !set_timer(ITIMER_REAL, sandbox->seconds) ||
        !set_timer(ITIMER_PROF, sandbox->work_seconds))
        return fails(why, size, "a copy could not be given a time limit: %s", strerror(errno));
    return true;
}

static void limit_means(void)
{
    struct rlimit none = {0}, space;
    char text[200] = "";
    unsigned long pages = 0;
    (void)setrlimit(RLIMIT_CORE, &none);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t done = write(fd, "1000", 4); /* the first to go when memory is out */
        (void)done;
        close(fd);
    }
    fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (read(fd, text, sizeof text - 1) > 0)
            pages = strtoul(text, NULL, 10);
        close(fd);
    }
    if (pages && getrlimit(RLIMIT_AS, &space) == 0) {
        rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + EXTRA_MEMORY_BYTES;
        space.rlim_cur = space.rlim_cur < most ? space.rlim_cur : most;
        (void)setrlimit(RLIMIT_AS, &space);
    }
}

static int open_null(void)
{
    struct stat about;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Documentation/admin-guide/devices.txt of Linux: 1:3 is the null device */
    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISCHR(about.st_mode) &&
        about.st_rdev == makedev(1, 3))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* /dev/null behind one descriptor, which stays as it was in being inherited or not. */
static bool put_null(int fd, int null)
{
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 || dup3(null, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0) == fd;
}

struct linux_dirent64 { /* getdents(2) */
    uint64_t inode;
    int64_t offset;
    unsigned short bytes;
    unsigned char type;
    char name[];
};

static bool replace_listed(int list, int null, struct uf_sandbox *sandbox)
{
    _Alignas(8) char block[8192];
    long got;
    while ((got = syscall(SYS_getdents64, list, block, sizeof block)) > 0) {
        for (long at = 0; at < got;) {
            const struct linux_dirent64 *entry = (const void *)(block + at);
            at += entry->bytes;
            if (entry->name[0] < '0' || entry->name[0] > '9')
                continue;
            int fd = (int)strtol(entry->name, NULL, 10);
            if (fd == list || fd == null)
                continue;
            if (fd != sandbox->report && !put_null(fd, null))
                return false;
            sandbox->highest = fd > sandbox->highest ? fd : sandbox->highest;
        }
    }
    return got == 0;
}

static bool replace_descriptors(struct uf_sandbox *sandbox, char *why, size_t size)
{
    int null = open_null();
    if (null < 0)
        return fails(why, size, "there is no /dev/null to put behind its descriptors");
    int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool well = list >= 0 && replace_listed(list, null, sandbox);
    if (list >= 0)
        close(list);
    close(null);
    return well || fails(why, size, "its descriptors could not be replaced: %s", strerror(errno));
}

static char *read_maps(size_t *len)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t room = (size_t)256 << 10;
    char *text = fd >= 0 ? uf_mem_alloc(room) : NULL;
    *len = 0;
    while (text) {
        ssize_t got = read(fd, text + *len, room - *len);
        if (got == 0)
            break;
        *len += got > 0 ? (size_t)got : 0;
        char *more = text;
        if (*len == room && room < MAPS_MAX_BYTES)
            more = uf_mem_resize(text, room *= 2);
        if (got < 0 || !more || *len == room) {
            uf_mem_free(text);
            text = NULL;
        } else {
            text = more;
        }
    }
    if (fd >= 0)
        close(fd);
    return text;
}

static bool begins(const struct uf_region *region, const char *text)
{
    size_t len = strlen(text);
    return region->path_len >= len && memcmp(region->path, text, len) == 0;
}

/* Memory of a device: reading it may mean something to the device. */
static bool is_device(const struct uf_region *region)
{
    return begins(region, "/dev/") && !begins(region, "/dev/shm/") && !begins(region, "/dev/zero");
}

/* What can be read of it: the file may have become shorter since it was mapped (SIGBUS). */
static void copy_pages(char *to, uint64_t from, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), done = 0;
    while (done < len) {
        struct iovec local = {to + done, len - done}, remote = {(void *)(from + done), len - done};
        ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
        if (got < 0 && errno != EFAULT) { /* forbidden here; at worst only the copy ends */
            memcpy(to + done, remote.iov_base, len - done);
            return;
        }
        done += got > 0 ? (size_t)got : page;
        done -= done % page;
    }
}

static bool make_private(const struct uf_region *region, char *why, size_t size)
{
    size_t len = (size_t)(region->end - region->start);
    void *old = (void *)(uintptr_t)region->start; // NOLINT
    int protection = (region->readable ? PROT_READ : 0) | (region->writable ? PROT_WRITE : 0) |
                     (region->executable ? PROT_EXEC : 0);
    char *copy =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (copy == MAP_FAILED)
        return fails(why, size, "no memory for a copy of its shared memory");
    if (region->readable)
        copy_pages(copy, region->start, len);
    if (mprotect(copy, len, protection) ||
        mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, old) != old)
        return fails(why, size, "its shared memory could not be replaced: %s", strerror(errno));
    return true;
}

/* Memory that others see, and that could ever be written: read-only mappings of files that were
 * opened for reading only cannot (mprotect(2), EACCES). */
static bool is_reachable(const struct uf_region *region)
{
    void *at = (void *)(uintptr_t)region->start; // NOLINT
    size_t len = (size_t)(region->end - region->start);
    if (!region->shared)
        return false;
    if (region->writable)
        return true;
    if (mprotect(at, len, PROT_READ | PROT_WRITE) && errno == EACCES)
        return false;
    (void)mprotect(at, len,
                   (region->readable ? PROT_READ : 0) | (region->executable ? PROT_EXEC : 0));
    return true;
}

static bool replace_shared(const char *text, size_t len, char *why, size_t size)
{
    struct uf_region region;
    size_t at = 0, bad = 0;
    uint64_t total = 0;
    while (uf_region_next(text, len, &at, &bad, &region)) {
        if (!is_reachable(&region))
            continue;
        total += region.end - region.start;
        if (is_device(&region))
            return fails(why, size, "memory of a device is mapped (%.*s)",
                         (int)(region.path_len < 80 ? region.path_len : 80), region.path);
        if (total > SHARED_MAX_BYTES)
            return fails(why, size, "more than %d MiB of its memory is shared with others",
                         (int)(SHARED_MAX_BYTES >> 20));
        if (!make_private(&region, why, size))
            return false;
    }
    return bad == 0 || fails(why, size, "/proc/self/maps could not be understood");
}

static bool separate_memory(const struct uf_sandbox *sandbox, char *why, size_t size)
{
    size_t len;
    if (!uf_channel_leave(sandbox->channel))
        return fails(why, size, "the channel could not be given up: %s", strerror(errno));
    char *text = read_maps(&len);
    if (!text)
        return fails(why, size, "/proc/self/maps could not be read");
    bool well = replace_shared(text, len, why, size);
    uf_mem_free(text);
    return well;
}

bool uf_sandbox_enter(struct uf_sandbox *sandbox, char *why, size_t size)
{
    if (!limit_life(sandbox, why, size))
        return false;
    limit_means();
    if (!separate_memory(sandbox, why, size) || !replace_descriptors(sandbox, why, size))
        return false;
    (void)prctl(PR_SET_DUMPABLE, 0); /* and nobody may look into it */
    const char *missing = uf_proof_filter_enter(sandbox->filter);
    return !missing || fails(why, size, "%s", missing);
}
