/* The copy itself: while the process stands still, so nothing here but what must be.
 *
 * Pages of the process alone are read by process_vm_readv(2), many in one call. Pages that it has in common with
 * others since a fork are read through /proc/PID/mem: it takes twice as long, but process_vm_readv pins pages, and
 * before it does so Linux (since 5.19, mm/gup.c, gup_must_unshare) makes a copy of a page that is shared:
 * each worker of a pre-forking server would have all of its parent's heap for its own afterwards.
 *
 * Several threads share the work: the processors that the process ran on are free now.
 */
#include "memory/process_private.h"

#include "base/pages.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECES 512                        /* in one call; the kernel takes 1,024 */
#define PORTION_BYTES ((uint64_t)2 << 20) /* that a thread takes at once */
#define THREADS_MOST 4
#define THREAD_BYTES ((uint64_t)64 << 20) /* for fewer it is not worth a thread */
#define MISSING_MOST 65536                /* pages that are left out one by one */

/* Where the copy has come to: `span` is the next one, its first `done` bytes are behind. */
struct cursor {
    size_t span;
    uint64_t done;
};

struct work {
    struct uf_process *process;
    pthread_mutex_t lock; /* over all that follows, and the process's lists */
    struct cursor at;
    uint64_t copied_bytes;
    enum uf_code code; /* of the first failure: all end */
    struct uf_error *err;
};

struct portion {
    struct iovec here[PIECES], there[PIECES];
    size_t count, next; /* pieces before `next` are done */
    bool shared;
};

static void advance(const struct uf_process *process, struct cursor *at, uint64_t bytes)
{
    at->done += bytes;
    if (at->done == process->wanted.list.at[at->span].end - process->wanted.list.at[at->span].start)
        *at = (struct cursor){at->span + 1, 0};
}

/* What comes next. False: there is nothing left, or something failed. */
static bool take(struct work *work, struct portion *ret)
{
    const struct uf_process *process = work->process;
    uint64_t bytes = 0;
    ret->count = ret->next = 0;
    pthread_mutex_lock(&work->lock);
    while (!work->code && ret->count < PIECES && bytes < PORTION_BYTES &&
           work->at.span < process->wanted.list.len) {
        const struct uf_span *span = &process->wanted.list.at[work->at.span];
        uint64_t start = span->start + work->at.done, size = span->end - start;
        unsigned char *place = uf_slabs_at(&process->slabs, start, span->end);
        if (ret->count && span->shared != ret->shared)
            break;
        if (!place) {
            work->code =
                uf_error_set(work->err, UF_EINTERNAL, "a span that is to be copied has no place");
            break;
        }
        if (size > PORTION_BYTES - bytes)
            size = PORTION_BYTES - bytes;
        ret->shared = span->shared;
        ret->here[ret->count] = (struct iovec){place, (size_t)size};
        ret->there[ret->count++] = (struct iovec){(void *)(uintptr_t)start, (size_t)size}; // NOLINT
        bytes += size;
        advance(process, &work->at, size);
    }
    bool any = !work->code && ret->count > 0;
    pthread_mutex_unlock(&work->lock);
    return any;
}

/* Passes by `bytes` bytes of the portion. */
static void pass(struct portion *portion, uint64_t bytes)
{
    while (bytes && portion->next < portion->count) {
        struct iovec *here = &portion->here[portion->next], *there = &portion->there[portion->next];
        size_t step = bytes < there->iov_len ? (size_t)bytes : there->iov_len;
        here->iov_base = (char *)here->iov_base + step;
        there->iov_base = (char *)there->iov_base + step;
        here->iov_len = there->iov_len -= step;
        bytes -= step;
        portion->next += there->iov_len == 0;
    }
}

/* The page that comes next could not be read: a guard page, memory of a device. Where there are very many, all of its
 * piece is given up. */
static enum uf_code leave_out(struct work *work, struct portion *portion)
{
    struct uf_process_spans *missing = &work->process->missing;
    uint64_t start = (uint64_t)(uintptr_t)portion->there[portion->next].iov_base;
    uint64_t end = start / UF_PAGE_BYTES * UF_PAGE_BYTES + UF_PAGE_BYTES;
    if (missing->list.len >= MISSING_MOST)
        end = start + portion->there[portion->next].iov_len;
    struct uf_span lost = {start / UF_PAGE_BYTES * UF_PAGE_BYTES, end, false};
    pass(portion, end - start);
    return uf_vec_push(&missing->list, lost) ? uf_error_nomem(work->err) : UF_OK;
}

/* Reads on in a portion: bytes that came, 0 = the next page cannot be read, less = errno. */
static ssize_t read_on(const struct uf_process *process, const struct portion *portion)
{
    const struct iovec *here = &portion->here[portion->next];
    const struct iovec *there = &portion->there[portion->next];
    size_t count = portion->count - portion->next;
    ssize_t got;
    do
        got = portion->shared ? pread(process->memory, here->iov_base, here->iov_len,
                                      (off_t)(uintptr_t)there->iov_base)
                              : process_vm_readv(process->pid, here, count, there, count, 0);
    while (got < 0 && errno == EINTR);
    bool missing = got < 0 && (errno == EFAULT || errno == EIO);
    return missing ? 0 : got < 0 ? -errno : got;
}

static void *copy(void *context)
{
    struct work *work = context;
    struct portion portion;
    while (take(work, &portion)) {
        uint64_t copied = 0;
        while (portion.next < portion.count) {
            ssize_t got = read_on(work->process, &portion);
            if (got > 0) {
                copied += (uint64_t)got;
                pass(&portion, (uint64_t)got);
                continue;
            }
            pthread_mutex_lock(&work->lock);
            if (!work->code)
                work->code = got < 0
                                 ? uf_process_unreadable(work->process->pid, (int)-got, work->err)
                                 : leave_out(work, &portion);
            bool ended = work->code != UF_OK;
            pthread_mutex_unlock(&work->lock);
            if (ended)
                return NULL;
        }
        pthread_mutex_lock(&work->lock);
        work->copied_bytes += copied;
        pthread_mutex_unlock(&work->lock);
    }
    return NULL;
}

static size_t threads_for(const struct uf_process *process)
{
    uint64_t bytes = 0;
    cpu_set_t cpus;
    for (size_t i = 0; i < process->wanted.list.len; i++)
        bytes += process->wanted.list.at[i].end - process->wanted.list.at[i].start;
    size_t may = sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : (size_t)CPU_COUNT(&cpus);
    size_t worth = (size_t)(bytes / THREAD_BYTES) + 1;
    size_t count = may < worth ? may : worth;
    return count < 1 ? 1 : count > THREADS_MOST ? THREADS_MOST : count;
}

static int by_start(const void *a, const void *b)
{
    const struct uf_span *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

enum uf_code uf_process_copy_bytes(struct uf_process *process, struct uf_error *err)
{
    struct work work = {.process = process, .err = err};
    pthread_t threads[THREADS_MOST];
    size_t count = threads_for(process), started = 0;
    process->missing.list.len = 0;
    pthread_mutex_init(&work.lock, NULL);
    /* Signals stay blocked in them, as in the thread that starts them (process_copy.c). */
    while (started + 1 < count && pthread_create(&threads[started], NULL, copy, &work) == 0)
        started++;
    copy(&work);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&work.lock);
    if (process->missing.list.len > 1)
        qsort(process->missing.list.at, process->missing.list.len, sizeof *process->missing.list.at,
              by_start);
    process->stops.copied_bytes = work.copied_bytes;
    return work.code;
}
