/* The copy itself: while the process stands still, so nothing here but what must be. */
#include "memory/process_private.h"

#include "base/pages.h"

#include <errno.h>
#include <sys/uio.h>

#define PIECES 512                       /* iovecs in one call; the kernel takes 1,024 */
#define CALL_BYTES ((uint64_t)256 << 20) /* and 2 GiB */
#define MISSING_MOST 65536               /* pages that are left out one by one */

/* Where the copy has come to: `span` is the next one, its first `done` bytes are behind. */
struct cursor {
    size_t span;
    uint64_t done;
};

static void advance(const struct uf_process *process, struct cursor *at, uint64_t bytes)
{
    while (bytes && at->span < process->wanted.list.len) {
        const struct uf_span *span = &process->wanted.list.at[at->span];
        uint64_t left = span->end - span->start - at->done;
        if (bytes < left) {
            at->done += bytes;
            return;
        }
        bytes -= left;
        at->span++;
        at->done = 0;
    }
}

/* What comes next, as pieces for one call. UF_EINTERNAL: something has no place. */
static enum uf_code gather(const struct uf_process *process, struct cursor at, struct iovec *here,
                           struct iovec *there, size_t *count, uint64_t *bytes,
                           struct uf_error *err)
{
    *count = 0;
    *bytes = 0;
    while (*count < PIECES && *bytes < CALL_BYTES && at.span < process->wanted.list.len) {
        const struct uf_span *span = &process->wanted.list.at[at.span];
        uint64_t start = span->start + at.done, size = span->end - start;
        unsigned char *place = uf_slabs_at(&process->slabs, start, span->end);
        if (!place)
            return uf_error_set(err, UF_EINTERNAL, "a span that is to be copied has no place");
        if (size > CALL_BYTES - *bytes)
            size = CALL_BYTES - *bytes;
        here[*count] = (struct iovec){place, (size_t)size};
        there[*count] = (struct iovec){(void *)(uintptr_t)start, (size_t)size}; // NOLINT
        *count += 1;
        *bytes += size;
        advance(process, &at, size);
    }
    return UF_OK;
}

/* Passes by the page that could not be read: a guard page, memory of a device. Where there are very many, by the
 * whole span. */
static enum uf_code pass_by(struct uf_process *process, struct cursor *at, struct uf_error *err)
{
    const struct uf_span *span = &process->wanted.list.at[at->span];
    uint64_t start = (span->start + at->done) / UF_PAGE_BYTES * UF_PAGE_BYTES;
    bool many = process->missing.list.len >= MISSING_MOST;
    struct uf_span lost = {start, many ? span->end : start + UF_PAGE_BYTES};
    if (uf_vec_push(&process->missing.list, lost))
        return uf_error_nomem(err);
    advance(process, at, lost.end - (span->start + at->done));
    return UF_OK;
}

static enum uf_code failed_to_read(const struct uf_process *process, int failed,
                                   struct uf_error *err)
{
    if (failed == ESRCH)
        return uf_process_gone(process->pid, err);
    if (failed == ENOMEM)
        return uf_error_nomem(err);
    return uf_process_refused(process->pid, failed, err);
}

enum uf_code uf_process_copy_bytes(struct uf_process *process, struct uf_error *err)
{
    struct iovec here[PIECES], there[PIECES];
    struct cursor at = {0};
    process->missing.list.len = 0;
    process->stops.copied_bytes = 0;
    while (at.span < process->wanted.list.len) {
        size_t count;
        uint64_t bytes;
        enum uf_code code = gather(process, at, here, there, &count, &bytes, err);
        if (code)
            return code;
        ssize_t got = process_vm_readv(process->pid, here, count, there, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno != EFAULT)
            return failed_to_read(process, errno, err);
        uint64_t read = got < 0 ? 0 : (uint64_t)got;
        process->stops.copied_bytes += read;
        advance(process, &at, read);
        if (read < bytes)
            code = pass_by(process, &at, err);
        if (code)
            return code;
    }
    return UF_OK;
}
