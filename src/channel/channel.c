/* channel.c - the mapping that the program and the interpreter share (see unfreed.h).
 *
 * A memfd of a fixed, sparse size: header, text area, report area. Only touched
 * pages cost memory, so the size is a bound and not a price. It never grows or
 * shrinks after the start (sealed), so no access can run into a missing page
 * (SIGBUS), and the descriptor is not needed once it is mapped.
 *
 * What the other side wrote is data, not truth: offsets and lengths are checked
 * against this side's own idea of the size, which is kept outside the mapping.
 *
 * Ordering: everything but `state` is written plainly before a release store
 * to `state`, and read after an acquire load of it. `stop` stands alone.
 * `progress` is for show; a torn reading does no harm.
 */
#include "unfreed.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FULL_SIZE ((size_t)256 << 20)
#define LEAST_SIZE ((size_t)1 << 20) /* under a tight `ulimit -v` or `ulimit -f` */
#define HEADER_BYTES ((size_t)4096)
#define MAGIC "unfreed channel " UNFREED_VERSION

struct shared {
    char magic[64];
    atomic_uint state, stop;
    int32_t exit_code;
    uint32_t text_end; /* where the next text goes */
    uint64_t report_len;
    struct uf_check_request request;
    struct uf_progress progress;
};

_Static_assert(sizeof(struct shared) <= HEADER_BYTES, "the header has outgrown its page");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "atomics are shared between processes");

struct uf_channel {
    struct shared *shared;
    size_t size_bytes;
    pid_t owner; /* a process that the target forked shares the mapping, but has no say */
};

/* The text area ends, and the report area begins, at a quarter of the size. */
static size_t report_start(const struct uf_channel *channel)
{
    return channel->size_bytes / 4;
}

static char *bytes(const struct uf_channel *channel)
{
    return (char *)channel->shared;
}

static struct uf_channel *map(int fd, size_t size_bytes)
{
    void *at = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (at == MAP_FAILED)
        return NULL;
    struct uf_channel *channel = uf_mem_zalloc(sizeof *channel);
    if (!channel) {
        munmap(at, size_bytes);
        errno = ENOMEM;
        return NULL;
    }
    *channel = (struct uf_channel){.shared = at, .size_bytes = size_bytes, .owner = getpid()};
    return channel;
}

/* ftruncate() beyond `ulimit -f` would raise SIGXFSZ (inode_newsize_ok() in Linux fs/attr.c). */
static size_t allowed_size(void)
{
    struct rlimit limit;
    size_t size_bytes = FULL_SIZE;
    if (!getrlimit(RLIMIT_FSIZE, &limit))
        while (limit.rlim_cur != RLIM_INFINITY && size_bytes > limit.rlim_cur)
            size_bytes /= 2;
    return size_bytes;
}

struct uf_channel *uf_channel_create(int *fd)
{
    int made = memfd_create("unfreed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made >= 0 && made <= 2) {
        /* A standard descriptor was closed at our start: it stays closed for the target. */
        int low = made;
        made = fcntl(low, F_DUPFD_CLOEXEC, 3);
        close(low);
    }
    if (made < 0)
        return NULL;
    struct uf_channel *channel = NULL;
    errno = EFBIG;
    for (size_t size = allowed_size(); !channel && size >= LEAST_SIZE; size /= 2)
        if (!ftruncate(made, (off_t)size))
            channel = map(made, size);
    if (!channel) {
        int why = errno;
        close(made);
        errno = why;
        return NULL;
    }
    (void)fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW); /* a safeguard only */
    memcpy(channel->shared->magic, MAGIC, sizeof MAGIC);
    channel->shared->text_end = HEADER_BYTES;
    *fd = made;
    return channel;
}

struct uf_channel *uf_channel_open(int fd)
{
    char magic[sizeof MAGIC] = "";
    struct stat about;
    if (fstat(fd, &about))
        return NULL;
    if (!S_ISREG(about.st_mode) || about.st_size < (off_t)LEAST_SIZE ||
        about.st_size > (off_t)FULL_SIZE ||
        pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
        memcmp(magic, MAGIC, sizeof magic) != 0) {
        errno = EPROTO;
        return NULL;
    }
    struct uf_channel *channel = map(fd, (size_t)about.st_size);
    int why = errno;
    close(fd);
    errno = why;
    return channel;
}

void uf_channel_close(struct uf_channel *channel)
{
    if (!channel)
        return;
    munmap(channel->shared, channel->size_bytes);
    uf_mem_free(channel);
}

bool uf_channel_leave(struct uf_channel *channel)
{
    /* the addresses stay taken, so that no later mapping is mistaken for the channel */
    return mmap(channel->shared, channel->size_bytes, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

uint32_t uf_channel_add_text(struct uf_channel *channel, const char *text, size_t len)
{
    size_t at = channel->shared->text_end, end = report_start(channel);
    if (at < HEADER_BYTES || at >= end || len >= end - at)
        return 0;
    memcpy(bytes(channel) + at, text, len);
    bytes(channel)[at + len] = '\0';
    channel->shared->text_end = (uint32_t)(at + len + 1);
    return (uint32_t)at;
}

const char *uf_channel_text(const struct uf_channel *channel, uint32_t offset)
{
    /* The area's last byte is never anything but NUL, so every text in it ends. */
    if (offset < HEADER_BYTES || offset >= report_start(channel))
        return NULL;
    return bytes(channel) + offset;
}

struct uf_check_request *uf_channel_request(struct uf_channel *channel)
{
    return &channel->shared->request;
}

struct uf_progress *uf_channel_progress(struct uf_channel *channel)
{
    return &channel->shared->progress;
}

enum uf_state uf_channel_state(const struct uf_channel *channel)
{
    unsigned state = atomic_load_explicit(&channel->shared->state, memory_order_acquire);
    return state <= UF_STATE_FAILED ? (enum uf_state)state : UF_STATE_STARTING;
}

static bool has_ended(const struct uf_channel *channel)
{
    enum uf_state state = uf_channel_state(channel);
    return state == UF_STATE_DONE || state == UF_STATE_FAILED;
}

void uf_channel_set_state(struct uf_channel *channel, enum uf_state state)
{
    if (getpid() == channel->owner && !has_ended(channel))
        atomic_store_explicit(&channel->shared->state, (unsigned)state, memory_order_release);
}

void uf_channel_ask_stop(struct uf_channel *channel, enum uf_asked why)
{
    unsigned none = UF_ASKED_NOT;
    atomic_compare_exchange_strong(&channel->shared->stop, &none, (unsigned)why);
}

enum uf_asked uf_channel_stop_asked(const struct uf_channel *channel)
{
    unsigned why = atomic_load_explicit(&channel->shared->stop, memory_order_relaxed);
    return why == UF_ASKED_BY_TIMEOUT ? UF_ASKED_BY_TIMEOUT
           : why                      ? UF_ASKED_BY_INTERRUPT
                                      : UF_ASKED_NOT;
}

/* Writing to a shared page that cannot be had is SIGBUS; asking first is an error code. */
static bool pages_can_be_had(char *from, size_t len)
{
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; the headers of glibc before 2.35 lack it */
#endif
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *first = from - (uintptr_t)from % page;
    if (!madvise(first, (size_t)(from - first) + len, MADV_POPULATE_WRITE))
        return true;
    return errno == EINVAL; /* a kernel that does not know the question */
}

static bool last_word(struct uf_channel *channel, enum uf_state state, int exit_code,
                      const char *report, size_t len)
{
    size_t start = report_start(channel);
    if (getpid() != channel->owner || has_ended(channel) || len >= channel->size_bytes - start)
        return false;
    char *to = bytes(channel) + start;
    if (!pages_can_be_had(to, len + 1))
        return false;
    memcpy(to, report, len);
    to[len] = '\0';
    channel->shared->report_len = len;
    channel->shared->exit_code = exit_code;
    atomic_store_explicit(&channel->shared->state, (unsigned)state, memory_order_release);
    return true;
}

bool uf_channel_finish(struct uf_channel *channel, int exit_code, const char *report, size_t len)
{
    return last_word(channel, UF_STATE_DONE, exit_code, report, len);
}

bool uf_channel_fail(struct uf_channel *channel, int exit_code, const char *error_line)
{
    return last_word(channel, UF_STATE_FAILED, exit_code, error_line, strlen(error_line));
}

int uf_channel_exit_code(const struct uf_channel *channel)
{
    int code = channel->shared->exit_code;
    return code >= 0 && code <= 255 ? code : UF_EXIT_FAULT;
}

const char *uf_channel_report(const struct uf_channel *channel, size_t *len)
{
    size_t start = report_start(channel), room = channel->size_bytes - start - 1;
    if (!has_ended(channel)) {
        *len = 0;
        return "";
    }
    *len = channel->shared->report_len <= room ? (size_t)channel->shared->report_len : room;
    return bytes(channel) + start;
}
