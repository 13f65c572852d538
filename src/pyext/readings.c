#include "pyext/readings.h"

#include "analysis/result.h"
#include "base/mem.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

double uf_now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Whole small file of /proc into `ret`; its length, or -1. */
static ssize_t read_small(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, ret, size - 1);
    close(fd);
    if (len >= 0)
        ret[len] = '\0';
    return len;
}

double uf_read_rss_bytes(void)
{
    char text[128];
    if (read_small("/proc/self/statm", text, sizeof text) <= 0)
        return UF_UNKNOWN;
    const char *second = strchr(text, ' ');
    if (!second)
        return UF_UNKNOWN;
    double bytes = strtod(second, NULL) * (double)sysconf(_SC_PAGESIZE) -
                   (double)uf_mem_mapped_bytes();
    return bytes > 0 ? bytes : UF_UNKNOWN;
}

double uf_read_threads(void)
{
    struct stat status;
    /* . and .. are two of the links */
    return stat("/proc/self/task", &status) == 0 ? (double)status.st_nlink - 2 : UF_UNKNOWN;
}

struct directory_entry { /* struct linux_dirent64, getdents64(2) */
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Calls `each` with every open descriptor but the one that lists them. opendir() would malloc. */
static int each_descriptor(void (*each)(void *context, int fd), void *context)
{
    int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (list < 0)
        return -1;
    _Alignas(8) char buffer[4096];
    for (;;) {
        long len = syscall(SYS_getdents64, list, buffer, sizeof buffer);
        if (len <= 0)
            break;
        for (long at = 0; at < len;) {
            const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);
            at += entry->length;
            if (entry->name[0] < '0' || entry->name[0] > '9')
                continue;
            int fd = atoi(entry->name);
            if (fd != list)
                each(context, fd);
        }
    }
    close(list);
    return 0;
}

static void count_one(void *context, int fd)
{
    (void)fd;
    ++*(double *)context;
}

double uf_read_descriptors(void)
{
    double count = 0;
    return each_descriptor(count_one, &count) == 0 ? count : UF_UNKNOWN;
}

struct descriptor_set {
    uint64_t *set;
    const uint64_t *before;
    unsigned bits;
    int newest;
};

static void enter_one(void *context, int fd)
{
    struct descriptor_set *to = context;
    if ((unsigned)fd < to->bits)
        to->set[fd / 64] |= UINT64_C(1) << (fd % 64);
}

void uf_read_descriptor_set(uint64_t *set, unsigned bits)
{
    memset(set, 0, bits / 8);
    each_descriptor(enter_one, &(struct descriptor_set){.set = set, .bits = bits});
}

static void find_newest(void *context, int fd)
{
    struct descriptor_set *in = context;
    bool known = (unsigned)fd < in->bits && (in->before[fd / 64] >> (fd % 64) & 1);
    if (!known && fd > in->newest)
        in->newest = fd;
}

int uf_find_new_descriptor(const uint64_t *before, unsigned bits, char *target, unsigned size)
{
    struct descriptor_set in = {.before = before, .bits = bits, .newest = -1};
    each_descriptor(find_newest, &in);
    if (in.newest < 0 || size == 0)
        return -1;
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", in.newest);
    ssize_t len = readlink(link, target, size - 1);
    target[len > 0 ? len : 0] = '\0';
    return in.newest;
}

double uf_read_malloc_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    double bytes = (double)info.uordblks + (double)info.hblkhd;
    return bytes > 0 ? bytes : UF_UNKNOWN;
}

double uf_read_available_bytes(void)
{
    char text[512];
    if (read_small("/proc/meminfo", text, sizeof text) <= 0)
        return UF_UNKNOWN;
    const char *line = strstr(text, "MemAvailable:");
    return line ? strtod(line + strlen("MemAvailable:"), NULL) * 1024 : UF_UNKNOWN;
}
