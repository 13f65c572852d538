#include "memory/process_private.h"
#include "memory/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define OPEN_MOST 600 /* descriptors; the usual limit is 1,024 */

/* The device may differ: of an overlay or btrfs, /proc/PID/maps tells another than stat(2). */
static bool is_file_of(int fd, const struct uf_mapping *mapping)
{
    struct stat is;
    return fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_ino == mapping->inode;
}

/* Opened without effect first: what lies there may be a pipe or a device by now. */
static int open_verified(const char *path, const struct uf_mapping *mapping)
{
    char link[64];
    int found = open(path, O_PATH | O_CLOEXEC), fd = -1;
    if (found < 0)
        return -1;
    if (is_file_of(found, mapping)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", found);
        fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } else {
        errno = ESTALE;
    }
    int failed = errno;
    close(found);
    errno = failed;
    return fd;
}

static int open_mapped(const struct uf_process *process, const struct uf_mappings *mappings,
                       const struct uf_mapping *mapping)
{
    char path[4096 + 64];
    /* The very file, also without a name; needs CAP_CHECKPOINT_RESTORE (proc(5)). */
    snprintf(path, sizeof path, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, process->pid,
             mapping->start, mapping->end);
    int fd = open_verified(path, mapping);
    if (fd >= 0 || mapping->deleted)
        return fd;
    int len = snprintf(path, sizeof path, "/proc/%d/root%s", process->pid,
                       uf_mapping_path(mappings, mapping));
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open_verified(path, mapping);
}

static const struct uf_process_file *find(const struct uf_process *process,
                                          const struct uf_mapping *mapping)
{
    for (size_t i = 0; i < process->files.len; i++) {
        const struct uf_process_file *file = &process->files.at[i];
        if (file->inode == mapping->inode && file->device == mapping->device)
            return file;
    }
    return NULL;
}

enum uf_code uf_process_files_note(struct uf_process *process, const struct uf_mappings *mappings,
                                   struct uf_error *err)
{
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        struct uf_process_file file = {mapping->inode, mapping->device, -1};
        if (!mapping->inode || !mapping->readable || process->files.len >= OPEN_MOST ||
            find(process, mapping))
            continue;
        file.fd = open_mapped(process, mappings, mapping);
        if (uf_vec_push(&process->files, file)) {
            if (file.fd >= 0)
                close(file.fd);
            return uf_error_nomem(err);
        }
    }
    return UF_OK;
}

int uf_process_file(const struct uf_process *process, const struct uf_mapping *mapping)
{
    const struct uf_process_file *file = find(process, mapping);
    return file && file->fd >= 0 ? (int)(file - process->files.at) : -1;
}

size_t uf_process_file_read(const struct uf_process *process, int file, uint64_t offset, void *ret,
                            size_t size)
{
    return uf_procfs_read_at(process->files.at[file].fd, offset, ret, size);
}

int uf_process_open_file(void *context, const struct uf_mapping *mapping)
{
    const struct uf_process *process = context;
    char link[64];
    int file = uf_process_file(process, mapping);
    if (file < 0) {
        errno = ENOENT;
        return -1;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", process->files.at[file].fd);
    return open(link, O_RDONLY | O_CLOEXEC); /* with a position of its own */
}

void uf_process_files_release(struct uf_process *process)
{
    for (size_t i = 0; i < process->files.len; i++)
        if (process->files.at[i].fd >= 0)
            close(process->files.at[i].fd);
    uf_vec_release(&process->files);
}
