#include "memory/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

int uf_procfs_read_open(int fd, struct uf_text *ret)
{
    char chunk[CHUNK_BYTES];
    off_t at = 0;
    ret->len = 0;
    for (;;) {
        ssize_t len = pread(fd, chunk, sizeof chunk, at);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return errno;
        uf_text_add(ret, chunk, (size_t)len); /* also of 0 bytes: then it is NUL-ended */
        if (ret->failed)
            return ENOMEM;
        if (len == 0)
            return 0;
        at += len;
    }
}

int uf_procfs_read(const char *path, struct uf_text *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int failed = uf_procfs_read_open(fd, ret);
    close(fd);
    return failed;
}

bool uf_procfs_read_of(int pid, const char *name, char ret[UF_PROCFS_BYTES])
{
    char path[64];
    size_t len = 0;
    ssize_t got = 1;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && got > 0 && len < UF_PROCFS_BYTES - 1) {
        got = read(fd, ret + len, UF_PROCFS_BYTES - 1 - len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            len += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    ret[len] = '\0';
    return len > 0;
}

const char *uf_procfs_field(const char *text, const char *name)
{
    size_t len = strlen(name);
    while (text && *text) {
        if (strncmp(text, name, len) == 0 && text[len] == ':') {
            text += len + 1;
            return text + strspn(text, " \t");
        }
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

uint64_t uf_procfs_stat(const char *text, int number)
{
    const char *at = text ? strrchr(text, ')') : NULL;
    for (int field = 2; at && field < number; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

struct entry { /* struct linux_dirent64, getdents64(2) */
    uint64_t inode;
    int64_t offset;
    unsigned short len;
    unsigned char type;
    char name[];
};

static bool add_numbers(struct uf_procfs_numbers *ret, const char *block, size_t size)
{
    for (size_t at = 0; at + offsetof(struct entry, name) < size;) {
        const struct entry *entry = (const void *)(block + at);
        char *end;
        long number = strtol(entry->name, &end, 10);
        if (*end == '\0' && number > 0 && number <= INT32_MAX &&
            uf_vec_push(&ret->list, (int)number))
            return false;
        if (entry->len == 0)
            break;
        at += entry->len;
    }
    return true;
}

int uf_procfs_numbers(const char *folder, struct uf_procfs_numbers *ret)
{
    _Alignas(8) char block[8192];
    ret->list.len = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* opendir() would malloc */
    if (fd < 0)
        return errno;
    int failed = 0;
    long len = 1;
    while (!failed && len > 0) {
        len = syscall(SYS_getdents64, fd, block, sizeof block);
        if (len < 0)
            failed = errno;
        else if (!add_numbers(ret, block, (size_t)len))
            failed = ENOMEM;
    }
    close(fd);
    return failed;
}

size_t uf_procfs_read_at(int fd, uint64_t offset, void *ret, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t len = pread(fd, (char *)ret + done, size - done, (off_t)(offset + done));
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            break;
        done += (size_t)len;
    }
    return done;
}
